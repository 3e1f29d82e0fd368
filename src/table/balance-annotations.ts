// The annotations that say how requests are spread over endpoints and which clients stay with theirs, as part of the schema of all.
// Knows nothing of what they become.
import { z } from 'zod'
import { boolean, cookieName, count, loadBalance, seconds, wholeNumber } from '../settings/values.ts'
import { unknownVariable } from './request-variables.ts'

/** ingress-nginx's default of upstream-hash-by-subset-size; 0 stands for it. */
export const SUBSET_SIZE = 3
const MAX_SUBSET_SIZE = 1000

const oneOf = <const T extends readonly [string, ...string[]]>(...words: T) => z.enum(words, `expected ${words.join(' or ')}`)
const sameSite = z.string().regex(/^(?:none|lax|strict)$/i, 'expected None, Lax or Strict')
const cookiePath = z.string().regex(/^\/[!-:<-~]*$/, 'expected an absolute path of ASCII characters, no spaces or semicolons')
const domain = z.string().regex(/^\.?[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?$/, 'expected a domain name')
const hashBy = z.string().regex(/^[ -~]*$/, 'expected ASCII').superRefine((text, context) => {
  const unknown = unknownVariable(text)
  if (unknown !== undefined) context.addIssue({ code: 'custom', message: `$${unknown} is no variable that Lintel has; expected text with variables such as $request_uri or $http_x_user` })
  else if (!text.includes('$')) context.addIssue({ code: 'custom', message: 'expected at least one variable, such as $request_uri: a fixed text sends every request to the same endpoint' })
})

export const balanceAnnotations = {
  'load-balance': loadBalance.optional()
    .describe('How an endpoint is chosen: round_robin, ewma (the faster of two) or least_conn. Default: the ConfigMap'),
  'upstream-hash-by': hashBy.optional()
    .describe('Requests for which this text, with variables, is equal go to the same endpoint; before load-balance. Where it is empty they take turns'),
  'upstream-hash-by-subset': boolean.optional().describe('They go to one of a few endpoints instead'),
  'upstream-hash-by-subset-size': wholeNumber(0, MAX_SUBSET_SIZE).optional().describe(`How many; 0 counts as ${SUBSET_SIZE}. Default: ${SUBSET_SIZE}`),
  'lintel.dev/slow-start': seconds.optional()
    .describe('Time in which an endpoint that joins others comes to its whole share, seconds or with a unit; not with upstream-hash-by. Default: 0, at once'),
  'affinity': oneOf('cookie').optional().describe('`cookie`: a client stays with its endpoint; before upstream-hash-by and load-balance'),
  'affinity-mode': oneOf('balanced', 'persistent').optional()
    .describe('balanced: some of the clients move to a new endpoint. persistent: a client moves when its endpoint is gone. Default: balanced'),
  'affinity-canary-behavior': oneOf('sticky', 'legacy').optional()
    .describe('On a canary. legacy: clients are not kept on it. Default: sticky'),
  'session-cookie-name': cookieName.optional().describe('Cookie of the affinity. Default: INGRESSCOOKIE'),
  'session-cookie-path': cookiePath.optional().describe('Its Path. Default: the path of the rule; needed with regular expressions'),
  'session-cookie-domain': domain.optional().describe('Its Domain'),
  'session-cookie-expires': count.optional().describe('Its Expires, seconds from now'),
  'session-cookie-max-age': count.optional().describe('Its Max-Age, seconds'),
  'session-cookie-samesite': sameSite.optional().describe('Its SameSite'),
  'session-cookie-conditional-samesite-none': boolean.optional().describe('No SameSite=None for clients that misread it'),
  'session-cookie-secure': boolean.optional().describe('Secure in clear as well. Over TLS the cookie always has it'),
  'session-cookie-partitioned': boolean.optional().describe('Its Partitioned'),
  'session-cookie-change-on-failure': boolean.optional().describe('A client whose request another endpoint had to answer stays with that one'),
}
