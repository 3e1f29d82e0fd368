// The ConfigMap keys that act, with ingress-nginx's names, meanings and defaults (ingress-nginx.md §2). Every key is read alone:
// a bad one is reported and its default stands. Knows neither Kubernetes objects nor what the keys are used for.
import { z } from 'zod'
import { clientKeys } from './client-keys.ts'
import { compressionKeys } from './compression-keys.ts'
import { inactiveKeys } from './inactive-keys.ts'
import { nearest } from './nearest.ts'
import { CIPHERS, cipherList, curves, tlsVersions } from './tls-values.ts'
import { boolean, buffers, bytes, count, deadline, fieldNames, list, loadBalance, objectName, onOff, retryConditions, seconds, statuses, wholeNumber } from './values.ts'

const ACCESS_LOG =
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_length ' +
  '$request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name] $upstream_addr $upstream_response_length ' +
  '$upstream_response_time $upstream_status $req_id'

/** OpenSSL takes 0 for its default. */
const sessionSeconds = seconds.refine((value) => value >= 1, 'expected a second or more; ssl-session-cache: "false" resumes none')
const STREAM_LOG = '[$remote_addr] [$time_local] $protocol $status $bytes_sent $bytes_received $session_time'
const redirectStatus = z.enum(['301', '302', '307', '308'], 'expected 301, 302, 307 or 308').transform(Number)
const workers = z.union([z.literal('auto'), wholeNumber(1, 1024)], 'expected auto or a number of workers')
/** A security setting that is known but not built: what matters is whether it is set (every route is denied then). */
const closed = z.string().transform((text) => text.trim())

/** A head is held in memory, and looked at again with each part that comes. */
const MAX_HEAD_BYTES = 2 ** 19
const TOO_LARGE_A_HEAD = 'expected at most 512k in all'

/** Texts as a person writes them in; times come out in seconds, sizes in octets. `prefault` is the default in that same writing. */
export const configMap = z.object({
  'ssl-redirect': boolean.prefault('true').describe('Redirect HTTP to HTTPS where the host has TLS'),
  'force-ssl-redirect': boolean.prefault('false').describe('Redirect HTTP to HTTPS everywhere, with or without TLS on the Ingress'),
  'http-redirect-code': redirectStatus.prefault('308').describe('Status of the redirect to HTTPS: 301, 302, 307 or 308'),
  'no-tls-redirect-locations': list.prefault('/.well-known/acme-challenge').describe('Rule paths that start so are never redirected to HTTPS'),
  'preserve-trailing-slash': boolean.prefault('false').describe('Keep a trailing slash in the redirect to HTTPS'),
  'hsts': boolean.prefault('true').describe('Send Strict-Transport-Security on answers over TLS'),
  'hsts-max-age': count.prefault('31536000').describe('Its max-age, seconds'),
  'hsts-include-subdomains': boolean.prefault('true').describe('Its includeSubDomains'),
  'hsts-preload': boolean.prefault('false').describe('Its preload'),
  'ssl-protocols': tlsVersions.prefault('TLSv1.2 TLSv1.3').describe('TLS versions offered to clients, separated by spaces'),
  'ssl-ciphers': cipherList.prefault(CIPHERS).describe('Cipher list for TLS 1.2 and older'),
  'ssl-ecdh-curve': curves.prefault('auto').describe('Curves for the key exchange in the order of our choice, separated by colons; auto: those of the TLS library'),
  'ssl-session-cache': boolean.prefault('true').describe('Let clients resume TLS sessions. Each worker knows its own, by tickets whose keys never leave it'),
  'ssl-session-tickets': boolean.prefault('false').describe('The same: sessions are resumed where either of the two is on'),
  'ssl-session-timeout': sessionSeconds.prefault('10m').describe('How long a session can be resumed'),
  'ssl-reject-handshake': boolean.prefault('false').describe('End the handshake (unrecognized_name) for names that no Ingress has, and without a name'),
  'use-http2': boolean.prefault('true').describe('Offer HTTP/2 to clients over TLS'),
  'proxy-connect-timeout': deadline.prefault('5').describe('Time to connect to an endpoint, seconds'),
  'proxy-read-timeout': deadline.prefault('60').describe('Time between two reads from an endpoint, seconds'),
  'proxy-send-timeout': deadline.prefault('60').describe('Time between two writes to an endpoint, seconds'),
  'proxy-next-upstream': retryConditions.prefault('error timeout')
    .describe('What makes another endpoint be tried: error, timeout, invalid_header, http_500 and the like; non_idempotent: for POST too; off: nothing'),
  'proxy-next-upstream-tries': count.prefault('3').describe('Tries in all, each at another endpoint; 0: as many as there are endpoints'),
  'proxy-next-upstream-timeout': seconds.prefault('0').describe('No further try after this time, seconds; 0: no bound'),
  'retry-non-idempotent': boolean.prefault('false').describe('As non_idempotent in every proxy-next-upstream that is not off'),
  'proxy-body-size': bytes.prefault('1m').describe('Largest request body, 413 above it; 0: no limit'),
  'proxy-request-buffering': onOff.prefault('off')
    .describe('Read a whole request before an endpoint gets it, but no gRPC call. Off, unlike in ingress-nginx: bodies stream and are never stored'),
  'client-body-buffer-size': bytes.prefault('8k').describe('Octets of such a body that are held in memory; the rest goes to a temporary file'),
  'proxy-buffering': onOff.prefault('off')
    .describe('Read an answer ahead of a slower client, so that the endpoint is soon free; nothing is held back from one that reads. Not where the answer has X-Accel-Buffering: no, and no gRPC call'),
  'proxy-buffers-number': wholeNumber(1, 1_000_000).prefault('4').describe('How many proxy-buffer-size an answer may be ahead in memory; beyond them in a temporary file'),
  'proxy-buffer-size': bytes.prefault('4k').describe('Unit of proxy-buffers-number, no bound on heads'),
  'proxy-max-temp-file-size': bytes.prefault('1024m').describe('How far an answer may be ahead in a temporary file; 0: no file'),
  'client-header-timeout': deadline.prefault('60').describe('Time for a client to send its request head, seconds'),
  'client-body-timeout': deadline.prefault('60').describe('Time between two reads of a request body, seconds'),
  'client-send-timeout': deadline.prefault('60').describe('Time in which a client that is sent an answer must take some of it, seconds'),
  'client-header-buffer-size': bytes.refine((size) => size <= MAX_HEAD_BYTES, TOO_LARGE_A_HEAD).prefault('1k')
    .describe('As a larger large-client-header-buffers, where it is larger'),
  'large-client-header-buffers': buffers.refine(({ number, bytes }) => number * bytes <= MAX_HEAD_BYTES, TOO_LARGE_A_HEAD).prefault('4 8k')
    .describe('Largest request head: number and size. A target may have one of that size (414), a field as well (431), all together have the number of them (431)'),
  'client-header-fields': wholeNumber(1, 10_000).prefault('200').describe('Most fields of a request, 431 above'),
  'keep-alive': seconds.prefault('75').describe('Idle time of a client connection, seconds; 0 closes after each answer'),
  'keep-alive-requests': wholeNumber(1, 1_000_000_000).prefault('1000').describe('Requests on one client connection'),
  'max-worker-connections': wholeNumber(1, 1_000_000).prefault('16384')
    .describe('Connections of clients to one worker, TLS handshakes too; half of the open files that the process may have bounds them as well. At the bound idle ones are closed, then new ones reset'),
  'max-connections-per-client': count.prefault('0')
    .describe('Connections of one client to all workers together, those to TCP services too; others are reset; 0: no limit. An IPv6 network of /64 is one client. Trusted peers (proxy-real-ip-cidr) that may tell the client in a field are not counted'),
  'max-worker-requests': count.prefault('0').describe('Requests at once in one worker, 503 above; 0: no limit'),
  'max-worker-tunnels': count.prefault('0').describe('Requests for an upgrade, and the tunnels that they become (WebSocket), at once in one worker, 503 above; 0: no limit'),
  'max-memory-percent': wholeNumber(0, 100).prefault('75')
    .describe('Part of the memory limit (of the control group, else of the machine) above which new connections and requests are refused until 10 percent of it have come free; 0: never'),
  'keep-alive-time': deadline.prefault('1h').describe('Age from which a client connection gets no more requests, seconds'),
  'http2-max-concurrent-streams': wholeNumber(1, 10_000).prefault('128').describe('Requests at once on one HTTP/2 connection of a client; holds for new ones. Each may make 64 KiB of its body be held'),
  'upstream-keepalive-connections': count.prefault('320').describe('Idle connections kept to endpoints, for each worker'),
  'upstream-keepalive-connections-per-endpoint': count.prefault('0').describe('Of these, to one endpoint; 0: as many as in all'),
  'upstream-keepalive-timeout': seconds.prefault('60').describe('Idle time of a connection to an endpoint, seconds'),
  'upstream-keepalive-requests': wholeNumber(1, 1_000_000_000).prefault('10000').describe('Requests on one connection to an endpoint'),
  'upstream-keepalive-time': seconds.prefault('1h').describe('Age from which a connection to an endpoint gets no more requests, give or take a tenth'),
  ...clientKeys,
  'add-headers': objectName.prefault('').describe('ConfigMap namespace/name with fields put on every answer'),
  'proxy-set-headers': objectName.prefault('').describe('ConfigMap namespace/name with fields put on every request to an endpoint'),
  'hide-headers': fieldNames.prefault('').describe('Fields of answers of endpoints that clients do not get'),
  'server-tokens': boolean.prefault('false').describe('Send our own Server field'),
  'allow-backend-server-header': boolean.prefault('false').describe('Pass on the Server field of the endpoint'),
  'load-balance': loadBalance.prefault('round_robin').describe('How an endpoint is chosen: round_robin, ewma (the faster of two) or least_conn'),
  'service-upstream': boolean.prefault('false').describe('Send requests to the cluster IP of a Service instead of its endpoints'),
  'annotation-value-word-blocklist': list.prefault('').describe('An Ingress with one of these words in an annotation is not served'),
  ...compressionKeys,
  'custom-http-errors': statuses(300, 599).prefault('').describe('In place of answers of these statuses, 300 to 599, the default backend is asked. See "Error pages" below'),
  'disable-proxy-intercept-errors': boolean.prefault('false').describe('Error pages in place of our own errors only, not of answers of endpoints'),
  'worker-processes': workers.prefault('auto').describe('Proxy workers; auto: the CPU quota'),
  'worker-shutdown-timeout': seconds.prefault('240s').describe('Time that requests get to finish at shutdown, and over which tunnels end one after another, seconds'),
  'disable-access-log': boolean.prefault('false').describe('No access log'),
  'log-format-upstream': z.string().prefault(ACCESS_LOG).describe('Format of the access log, with the variables of nginx'),
  'log-format-escape-json': boolean.prefault('false').describe('Escape the variables for JSON'),
  'disable-stream-access-log': boolean.prefault('false').describe('No access log of TCP and UDP services, and of TLS that is passed through'),
  'log-format-stream': z.string().prefault(STREAM_LOG).describe('Format of their access log, with the variables of nginx'),
  'proxy-stream-timeout': deadline.prefault('600s').describe('Time without an octet either way after which a TCP connection or a UDP session of a service ends, seconds'),
  'proxy-stream-next-upstream': boolean.prefault('true').describe('Try another endpoint where one takes no TCP connection'),
  'proxy-stream-next-upstream-timeout': seconds.prefault('600s').describe('No further try after this time, seconds; 0: no bound'),
  'proxy-stream-next-upstream-tries': count.prefault('3').describe('Tries in all, each at another endpoint; 0: as many as there are endpoints'),
  'proxy-stream-responses': count.prefault('1').describe('Datagrams that answer one of a client: with the last the UDP session ends. 0: none is waited for'),
  'global-auth-url': closed.prefault('').describe('External authentication for all. Not built yet: when set, all routes answer 503'),
  'whitelist-source-range': closed.prefault('').describe('Clients allowed everywhere. Not built yet: when set, all routes answer 503'),
  'denylist-source-range': closed.prefault('').describe('Clients refused everywhere. Not built yet: when set, all routes answer 503'),
  'block-cidrs': closed.prefault('').describe('Clients refused by all hosts. Not built yet: when set, all routes answer 503'),
})

export type Settings = z.output<typeof configMap>

export const defaultSettings: Settings = configMap.parse({})

/** `field`: the key; `reason`: what is wrong, what holds instead, and the remedy. */
export type SettingIssue = { readonly field: string; readonly reason: string }

/** What becomes of a key: as of an annotation (table/annotations.ts), but that none closes anything by itself. */
export type JudgedKey = { readonly verdict: 'acts' | 'invalid' | 'unknown' | 'unsupported' | 'needless'; readonly reason: string }

/** Settings from the data of the ConfigMap over the defaults. Never throws; issues in the order of the data. */
export function parseSettings(data: Readonly<Record<string, string>>): { settings: Settings; issues: SettingIssue[] } {
  const good: Record<string, string> = {}
  const issues: SettingIssue[] = []
  for (const [key, text] of Object.entries(data)) {
    const { verdict, reason } = judgeKey(key, text)
    if (verdict === 'acts') good[key] = text
    else issues.push({ field: key, reason })
  }
  return { settings: configMap.parse(good), issues }
}

export function judgeKey(key: string, text: string): JudgedKey {
  if (!isActive(key)) return judgeInactive(key)
  const parsed = configMap.shape[key].safeParse(text)
  if (parsed.success) return { verdict: 'acts', reason: '' }
  const expected = parsed.error.issues[0]?.message ?? 'not a valid value'
  return { verdict: 'invalid', reason: `${JSON.stringify(text)}: ${expected}; the default ${JSON.stringify(configMap.shape[key].def.defaultValue)} is used` }
}

function judgeInactive(key: string): JudgedKey {
  const known = Object.hasOwn(inactiveKeys, key) ? inactiveKeys[key] : undefined
  if (known?.why !== undefined) return { verdict: 'needless', reason: `has no effect here: ${known.why}` }
  if (known !== undefined) return { verdict: 'unsupported', reason: 'not supported yet: ignored' }
  const meant = nearest(key, [...Object.keys(configMap.shape), ...Object.keys(inactiveKeys)])
  return { verdict: 'unknown', reason: `unknown key: ignored${meant === undefined ? '' : `; did you mean ${meant}?`}` }
}

function isActive(key: string): key is keyof typeof configMap.shape {
  return Object.hasOwn(configMap.shape, key)
}
