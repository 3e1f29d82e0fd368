// When a request may be tried again (RFC 9110 §9.2.2, ingress-nginx.md §4.11): where the first try can't have had an effect, or a second
// one changes nothing. Knows no endpoints.
import type { ProxyError } from '../http/message.ts'

/** proxy-next-upstream-tries of ingress-nginx. */
export const MAX_TRIES = 3

/** Methods whose repetition has the effect of one. POST, PATCH, LOCK and methods nobody knows are not among them. */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PROPFIND'])

/** Faults after which nginx's `proxy_next_upstream error timeout` goes on. */
const NEXT = new Set(['upstream_reset', 'timeout_header', 'timeout_send'])

/** same: on a fresh connection to the same endpoint, which only closed an idle one. next: on another endpoint. */
export type Retry = 'no' | 'same' | 'next'

/** consumed: octets of the body were taken that can't be sent again. */
export const retryOf = (error: ProxyError, request: { method: string; consumed: boolean; tries: number }): Retry => {
  if (request.consumed || request.tries >= MAX_TRIES) return 'no'
  if (error.retry === 'always') return 'next'
  if (!IDEMPOTENT.has(request.method)) return 'no'
  if (error.retry === 'if-reused') return 'same'
  return NEXT.has(error.code) ? 'next' : 'no'
}
