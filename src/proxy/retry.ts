// When another endpoint gets a request (RFC 9110 §9.2.2, ingress-nginx.md §4.11): where the first can't have acted on it, or where a
// second time changes nothing, and in any case only as proxy-next-upstream says. Knows no endpoints.
import type { RetryCondition, RetryPolicy } from '../model.ts'

/** Methods whose repetition has the effect of one. POST, PATCH, LOCK and methods nobody knows are not among them. */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PROPFIND'])

/** ProxyError.code in the words of proxy-next-upstream. What is not here comes too late, or would be the same anywhere. */
const ERRORS: ReadonlyMap<string, RetryCondition> = new Map([
  ['connect_failed', 'error'], ['upstream_refused', 'error'], ['upstream_reset', 'error'], ['upstream_untrusted', 'error'],
  ['timeout_connect', 'timeout'], ['timeout_header', 'timeout'], ['timeout_send', 'timeout'],
  ['bad_answer', 'invalid_header'],
])
const STATUSES: ReadonlyMap<number, RetryCondition> = new Map([
  [500, 'http_500'], [502, 'http_502'], [503, 'http_503'], [504, 'http_504'], [403, 'http_403'], [404, 'http_404'], [429, 'http_429'],
])
export const conditionOfError = (code: string): RetryCondition | undefined => ERRORS.get(code)
export const conditionOfStatus = (status: number): RetryCondition | undefined => STATUSES.get(status)

/** The request may be sent twice. */
export const isRepeatable = (method: string, { on }: RetryPolicy): boolean => IDEMPOTENT.has(method) || on.includes('non_idempotent')

/** repeatable: see isRepeatable. unread: no upstream has got anything of it. tries: so far; elapsedMs: since the first began. */
export type Tried = { readonly repeatable: boolean; readonly unread: boolean; readonly tries: number; readonly elapsedMs: number }

export const mayRetry = ({ on, tries, timeoutMs }: RetryPolicy, condition: RetryCondition | undefined, tried: Tried): boolean =>
  condition !== undefined && on.includes(condition) && (tried.repeatable || tried.unread)
  && (tries === 0 || tried.tries < tries) && (timeoutMs === 0 || tried.elapsedMs < timeoutMs)
