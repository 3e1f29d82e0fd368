// The kinds of checks: over every answer, every request at the origins, the peer's TLS. Knows no key of `expected`. Pure.
import type { z } from 'zod'
import type { ResponseMessage } from '../../support/http1.ts'
import { show } from '../outcome.ts'
import type { Ports } from './field-values.ts'
import type { PeerTls, Seen } from './request.ts'

/** What the checks need besides what was seen. */
export type Context = {
  readonly ports: Ports
  /** SHA-256 of each Secret's certificate, by the Secret's name. */
  readonly fingerprints: ReadonlyMap<string, string>
  /** Everything the program said: output and issues. */
  readonly said: string
  readonly running: boolean
}
/** Complaints; none: it holds. */
export type Checker = (seen: Seen, context: Context) => string[]
/** undefined: the value says something that can't be checked. */
export type Row = (expected: unknown) => Checker | undefined

export function row<T>(schema: z.ZodType<T>, check: (seen: Seen, expected: T, context: Context) => string[]): Row {
  return (expected) => {
    const parsed = schema.safeParse(expected)
    return parsed.success ? (seen, context) => check(seen, parsed.data, context) : undefined
  }
}

/** The first answer that breaks the rule speaks for all. */
export function everyResponse<T>(check: (response: ResponseMessage, expected: T, context: Context) => string[]) {
  return ({ responses }: Seen, expected: T, context: Context): string[] => {
    if (responses.length === 0) return ['answer: none was asked for']
    return (
      responses
        .map((response) => (response ? check(response, expected, context) : ['answer: none, the connection was closed']))
        .find((complaints) => complaints.length > 0) ?? []
    )
  }
}

export function everyReached<T>(check: (request: Seen['reached'][number]['request'], expected: T, context: Context) => string[]) {
  return ({ reached }: Seen, expected: T, context: Context): string[] => {
    if (reached.length === 0) return ['upstream: no request reached it']
    return reached.flatMap(({ request }) => check(request, expected, context)).map((complaint) => `upstream: ${complaint}`)
  }
}

export function peer<T>(check: (tls: PeerTls, expected: T, context: Context) => string[]) {
  return ({ tls }: Seen, expected: T, context: Context): string[] =>
    (tls ? check(tls, expected, context) : ['not a TLS connection']).map((complaint) => `TLS: ${complaint}`)
}

export function complain(wrong: boolean, what: string, got: unknown): string[] {
  return wrong ? [`${what} ${show(got)}`] : []
}

export function equal(what: string, got: unknown, expected: unknown): string[] {
  return complain(!Bun.deepEquals(got, expected), `${what}: expected ${show(expected)}, got`, got)
}
