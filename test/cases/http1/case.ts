// The http1 format: raw octets and what a strict edge must make of them. Its key is in the head of http1.yaml. Knows no sockets.
import { z } from 'zod'

const OUTCOME = z.enum(['reject', 'forward', 'normalise'])
export type Expected = z.infer<typeof OUTCOME>

const PIECE = z.union([z.string(), z.object({ repeat: z.string(), count: z.number().int() })])

export const HTTP1_CASE = z.object({
  name: z.string(),
  category: z.string(),
  first_wave: z.boolean().default(false),
  raw: z.string().optional(),
  raw_gen: z.array(PIECE).optional(),
  expected: OUTCOME,
  /** Codes that a rejecting proxy may answer; absent: any 4xx or 5xx. */
  status: z.array(z.number()).optional(),
  also_ok: z.array(OUTCOME).default([]),
  close: z.boolean().default(false),
  upstream: z.string().optional(),
  notes: z.string().default(''),
})
export type Http1Case = z.infer<typeof HTTP1_CASE>

/** Named so by the format; other files say it in the notes. */
const HALF_CLOSED = ['chunk-truncated', 'conn-partial-body', 'conn-incomplete-header']

export function isHttp1(cases: readonly unknown[]): boolean {
  const first = cases[0]
  return typeof first === 'object' && first !== null && ('raw' in first || 'raw_gen' in first)
}

/** Latin1: one character is one octet. */
export function octets({ raw, raw_gen: pieces = [] }: Http1Case): string {
  return raw ?? pieces.map((piece) => (typeof piece === 'string' ? piece : piece.repeat.repeat(piece.count))).join('')
}

/** Does the client shut its write side down and wait for the consequence? */
export function halfCloses({ name, notes }: Http1Case): boolean {
  return HALF_CLOSED.includes(name) || /half-close/i.test(notes)
}
