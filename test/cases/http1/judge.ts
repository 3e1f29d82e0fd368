// Holds an observation against a case: the expected outcome, and those that the RFCs allow besides. Pure.
import { byComplaints, show, type Result } from '../outcome.ts'
import type { Expected, Http1Case } from './case.ts'
import { isFromUpstream, type Observation } from './observe.ts'
import { checkPhrase, sameMessage } from './upstream-phrases.ts'

/** Cases (none of the first wave) for which an also_ok outcome is what we want, and why. */
export const ACCEPTED: Readonly<Record<string, string>> = {}

/** lenient: every also_ok outcome passes (and is counted), not only those in ACCEPTED. */
export function judge(given: Http1Case, seen: Observation, { lenient = false }: { lenient?: boolean } = {}): Result {
  const complaints = against(given.expected, given, seen)
  if (complaints.length > 0 && (lenient || given.name in ACCEPTED)) {
    const alsoOk = given.also_ok.find((outcome) => against(outcome, given, seen).length === 0)
    if (alsoOk !== undefined) return { ...byComplaints(given.name, []), alsoOk }
  }
  return byComplaints(given.name, complaints)
}

function against(outcome: Expected, given: Http1Case, seen: Observation): string[] {
  const complaints = outcome === 'reject' ? againstReject(given, seen) : againstDelivery(outcome, given, seen)
  if (given.close && !seen.closed) complaints.push(`connection: expected closed after the answer, got open after ${answers(seen)}`)
  return complaints.map((complaint) => `${outcome}: ${complaint}`)
}

function againstReject({ status, upstream = '' }: Http1Case, seen: Observation): string[] {
  const first = seen.responses.find((response) => response.status >= 200)
  const acceptable = (code: number) => (status ? status.includes(code) : code >= 400 && code <= 599)
  const answered = first ? acceptable(first.status) && !isFromUpstream(first) : seen.closed
  const delivered = seen.reached.map(({ method, target, body }) => `${method} ${target} ${body}`)
  return [
    ...(answered ? [] : [`answer: expected the proxy's own ${status?.join(' or ') ?? '4xx or 5xx'} or a close, got ${answers(seen)}`]),
    ...(delivered.length > 0 ? [`upstream: expected no complete request, got ${show(delivered)}`] : []),
    ...checkPhrase(upstream, seen, false),
  ]
}

function againstDelivery(outcome: Expected, { upstream }: Http1Case, seen: Observation): string[] {
  const first = seen.responses.find((response) => response.status >= 200)
  if (!first || !isFromUpstream(first) || seen.reached.length === 0)
    return [`answer: expected the upstream's, got ${answers(seen)} (${seen.reached.length} requests at the upstream)`]
  const malformed = seen.unfinished.map(({ bytes, invalid }) => `upstream: not clean HTTP/1.1 (${invalid || 'unfinished'}): ${show(bytes)}`)
  const phrase = upstream === undefined ? (outcome === 'forward' ? sameMessage(seen) : []) : checkPhrase(upstream, seen, true)
  return [...malformed, ...phrase]
}

function answers({ responses, closed }: Observation): string {
  const each = responses.map((response) => `${response.status} by ${isFromUpstream(response) ? 'the upstream' : 'the proxy'}`)
  return `${each.join(', ') || 'no answer'}${closed ? ', closed' : ''}`
}
