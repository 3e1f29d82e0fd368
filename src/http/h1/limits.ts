// Every bound of the HTTP/1.1 codec and its connections, with its reason. What people may set is in settings.ts, not here.
import type { HeadLimits } from '../head-limits.ts'

/** Octets of a head: ingress-nginx's large-client-header-buffers, 4 of 8 KiB. */
export const HEAD_BYTES = 32_768
/** Octets of a method: the longest registered one has 17 (RFC 9110 §9.1). More is 501. */
export const METHOD_BYTES = 64
/** Octets of a request target: one of those buffers. More is 414. */
export const TARGET_BYTES = 8_192
/** Field lines in a head. Twice what Envoy allows; real heads stay under 60. */
export const FIELD_LINES = 200
/** Of answers, and of requests where nobody says otherwise. */
export const HEAD_LIMITS: HeadLimits = { targetBytes: TARGET_BYTES, fieldBytes: HEAD_BYTES, headBytes: HEAD_BYTES, fields: FIELD_LINES }
/** Lines that may be left out of a forwarded head (hop-by-hop, forwarding fields): more is an attack on the scan. */
export const DROPPED_LINES = 64
/** Empty lines before a request line: RFC 9112 §2.2 says at least one SHOULD be ignored; old clients send one or two. */
export const LEADING_EMPTY_LINES = 4
/** Octets of a chunk-size line with its extensions: nobody needs any; RFC 9112 §7.1.1 asks for a limit. */
export const CHUNK_LINE_BYTES = 256
/** Largest chunk size; 2^40 keeps the arithmetic exact and is beyond any transfer. */
export const CHUNK_BYTES = 2 ** 40
/** Octets of a trailer section. */
export const TRAILER_BYTES = 8_192
/** Octets held of requests pipelined behind the one being answered before the socket is paused. */
export const PIPELINE_BYTES = 65_536
/** Octets up to which head and body are copied together for one write: a second send costs 5 µs, copying these 1 µs (hotpath.md §3). */
export const JOINED_BYTES = 32_768
/** Octets of an unread request body that are read and thrown away so that the client gets our answer instead of a reset. */
export const LINGER_BYTES = 1_048_576
/** How long that may take (nginx: lingering_timeout 5 s). */
export const LINGER_MS = 5_000
