// What changed, as one line for people. Pure.
import type { Shift } from './claims.ts'

/** What one file's new content moved. */
export type FileShifts = { readonly file: string; readonly shifts: readonly Shift[] }

// A burst of a thousand changes is still one readable line.
const maxNamed = 8

/** `cafe.yaml: Ingress default/cafe changed, Service default/tea added; b.yaml: …`; `` when nothing that counts changed. */
export const noteOf = (changes: readonly FileShifts[]): string => {
  const named = changes.flatMap(({ file, shifts }) => shifts.filter(counts).map((shift) => ({ file, text: `${shift.id} ${verb(shift)}` })))
  const shown = Map.groupBy(named.slice(0, maxNamed), ({ file }) => file)
  const line = [...shown].map(([file, texts]) => `${file}: ${texts.map(({ text }) => text).join(', ')}`).join('; ')
  return named.length > maxNamed ? `${line} and ${named.length - maxNamed} more` : line
}

const counts = ({ before, after }: Shift): boolean => before !== after
const verb = ({ before, after }: Shift): string => (before === undefined ? 'added' : after === undefined ? 'removed' : 'changed')
