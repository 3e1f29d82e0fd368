// Text with variables of nginx, as people write it into formats and annotations. Knows no variable by name.
import { variable } from './log-variables.ts'
import type { RequestRecord } from './record.ts'

/** The text for one request. */
export type Render<R = RequestRecord> = (record: Readonly<R>) => string

/** A piece of a template: fixed text, or the name of a variable. */
export type Part = { readonly text: string; readonly name?: string }

/** `$name` or `${name}`. */
const REFERENCE = /\$(?:\{(\w+)\}|(\w+))/g

export function partsOf(template: string): Part[] {
  const parts: Part[] = []
  let from = 0
  for (const match of template.matchAll(REFERENCE)) {
    const [reference, braced, bare] = match
    parts.push({ text: template.slice(from, match.index) }, { text: '', name: braced ?? bare ?? '' })
    from = match.index + reference.length
  }
  return [...parts, { text: template.slice(from) }].filter(({ text, name }) => text !== '' || name !== undefined)
}

/** One function of all segments. Fixed text and the value behind it are added at once: one rope for both is a third of what a line costs. */
export function rendering<R>(segments: readonly (string | Render<R>)[]): Render<R> {
  const pairs: { readonly before: string; readonly value: Render<R> }[] = []
  let before = ''
  for (const segment of segments) {
    if (typeof segment === 'string') before += segment
    else {
      pairs.push({ before, value: segment })
      before = ''
    }
  }
  return (record) => {
    let text = ''
    for (const pair of pairs) text = `${text}${pair.before}${pair.value(record)}`
    return before === '' ? text : text + before
  }
}

/** Nothing is escaped, and what has no value is empty. */
export function plainText(template: string): Render {
  const segments = partsOf(template).map(({ text, name }) => (name === undefined ? text : valueOf(name)))
  return rendering(segments)
}

function valueOf(name: string): string | Render {
  const read = variable(name)
  return read === undefined ? '' : (record) => read(record) ?? ''
}
