// How the workers find the endpoints of the table, joined for /table. Knows nothing of how they found out.

/** warming: in its slow start. ejected: left out for failures. trial: one request tries it again, or the next one will. unwell: left out by active checks. */
export type EndpointState = 'well' | 'warming' | 'ejected' | 'trial' | 'unwell'

/** An endpoint of a backend in one worker, or in all of them. backend: its key in the table. */
export type EndpointRow = {
  readonly backend: string
  readonly address: string
  readonly port: number
  /** Requests on their way there, tunnels too. */
  readonly active: number
  /** How many workers find it so. */
  readonly states: Readonly<Partial<Record<EndpointState, number>>>
  /** Why it is ejected or on trial. */
  readonly reasons: readonly string[]
  /** When the first of them tries it again, as in ISO 8601; `` where that does not come by time. */
  readonly trialAt: string
}

/** Where all is as it should be nobody needs a row: of a large table few have one. */
export const isNoteworthy = ({ active, states }: EndpointRow): boolean => active > 0 || states.well === undefined

/** What `workers` workers said of an endpoint becomes one row; who said nothing finds it well. reports: JSON of EndpointRow[], one for each. */
export function joinedRows(reports: readonly string[]): EndpointRow[] {
  const joined = new Map<string, EndpointRow>()
  for (const report of reports) {
    const rows: readonly EndpointRow[] = JSON.parse(report)
    for (const row of rows) {
      const key = JSON.stringify([row.backend, row.address, row.port])
      joined.set(key, both(joined.get(key), row))
    }
  }
  return [...joined.values()].map((row) => withSilent(row, reports.length))
}

function both(a: EndpointRow | undefined, b: EndpointRow): EndpointRow {
  if (a === undefined) return b
  const states = { ...a.states }
  for (const state of ALL_STATES) if (b.states[state] !== undefined) states[state] = (states[state] ?? 0) + b.states[state]
  return { ...a, active: a.active + b.active, states, reasons: [...new Set([...a.reasons, ...b.reasons])], trialAt: earlier(a.trialAt, b.trialAt) }
}
const ALL_STATES = ['well', 'warming', 'ejected', 'trial', 'unwell'] as const satisfies readonly EndpointState[]
const earlier = (a: string, b: string): string => (a === '' || (b !== '' && b < a) ? b : a)

function withSilent(row: EndpointRow, workers: number): EndpointRow {
  const silent = workers - Object.values(row.states).reduce((sum, count) => sum + count, 0)
  return silent === 0 ? row : { ...row, states: { ...row.states, well: (row.states.well ?? 0) + silent } }
}
