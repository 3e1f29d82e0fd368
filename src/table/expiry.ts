// When what is in a Secret runs out, told in time. Knows no Secrets.
import type { Issue } from '../model.ts'

/** ingress-nginx's warning time, 240 h. */
const NOTICE_MS = 10 * 24 * 3_600_000

export type Expiring = { readonly object: string; readonly field: string; readonly what: string; readonly expiresAt: number }

/** expiresAt: epoch ms. nextAt: when the answer is another one, Infinity: never. */
export function expiryNotice({ object, field, what, expiresAt }: Expiring, now: number): { readonly issues: readonly Issue[]; readonly nextAt: number } {
  const nextAt = [expiresAt - NOTICE_MS, expiresAt].find((at) => at > now) ?? Infinity
  if (expiresAt - now > NOTICE_MS) return { issues: [], nextAt }
  const state = expiresAt > now ? 'expires' : 'expired'
  return { issues: [{ object, field, reason: `${what} ${state} ${new Date(expiresAt).toISOString()}: renew it` }], nextAt }
}
