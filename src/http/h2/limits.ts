// Every bound of the HTTP/2 codec, with its reason. What people may set is in settings.ts, not here.
import type { HeadLimits } from '../head-limits.ts'

/** Octets of a frame's payload, both ways: the size every peer must take (RFC 9113 §4.2). Larger ones gain nothing once writes are joined. */
export const FRAME_BYTES = 16_384
/** Streams at once unless somebody says otherwise: ingress-nginx's http2-max-concurrent-streams. */
export const STREAMS = 128
/** Requests opened before the peer's SETTINGS say how many it takes: RFC 9113 §6.5.2 recommends no smaller value. */
export const STREAMS_BEFORE_SETTINGS = 100
/** The window before anyone has said anything (RFC 9113 §6.9.2). A client's stream begins with it: so much an upload that nobody reads makes us hold. */
export const INITIAL_WINDOW_BYTES = 65_535
/** Octets of a stream's body that we hold for a slow receiver: 5 MB/s at 50 ms of round trip. A client's stream comes to it while its body moves. */
export const STREAM_WINDOW_BYTES = 4 * INITIAL_WINDOW_BYTES
/**
 * By which the windows of a client's streams may grow, all together: five to the full. A connection's window is never less than those of all the
 * streams it may have, so that uploads that nobody reads can't stop the others; and so much we hold for one client at most, 9 MiB for 128 streams.
 */
export const GROWTH_BYTES = 5 * (STREAM_WINDOW_BYTES - INITIAL_WINDOW_BYTES)
/** Octets passed on at which a connection's window is opened again. */
export const UPDATE_BYTES = 131_072
/** Windows and stream ids have 31 bits (RFC 9113 §5.1.1, §6.9.1). */
export const MAX_31_BITS = 2_147_483_647

/** Octets of a field section, decoded, with 32 for each field (RFC 9113 §6.5.2): what the HTTP/1.1 codec takes. More is 431. */
export const SECTION_BYTES = 32_768
/** Fields of a section, cookie crumbs apart: as the HTTP/1.1 codec. More is 431. */
export const SECTION_FIELDS = 200
/** Of answers, and of requests where nobody says otherwise. */
export const SECTION_LIMITS: HeadLimits = { targetBytes: SECTION_BYTES, fieldBytes: SECTION_BYTES, headBytes: SECTION_BYTES, fields: SECTION_FIELDS }
/** Octets of a section as encoded: twice what may come of it; one that does not fit is no mistake. */
export const BLOCK_SHARE = 2
/** CONTINUATION frames of a section: twice SECTION_BYTES need four; each costs the peer 9 octets and us a look (CVE-2024-27316). */
export const CONTINUATIONS = 16
/** Octets of each HPACK table: the size a peer may count on (RFC 7541 §4.2, RFC 9113 §6.5.2). */
export const TABLE_BYTES = 4_096
/** Names of which the encoder of a connection remembers values; real traffic has under 60. */
export const ENCODED_NAMES = 128
/** Values remembered of each: `vary`, `cache-control` and their like have two or three in use (hotpath.md part 2 §4). */
export const VALUES_PER_NAME = 4

/** Octets waiting in a stream at which its owner is told to stop: what an upstream brings in one read comes on top. */
export const QUEUE_BYTES = 65_536
/** Octets to send at which DATA waits in its stream: fewer cost more writes (hotpath.md part 2 §4), more are held for a client that does not read. */
export const OUTPUT_BYTES = 262_144

/** A part of a frame below this waits for a window that lets out more, if the peer's first window was roomy: then its updates will come. */
export const PARTIAL_BYTES = 4_096
export const ROOMY_WINDOW_BYTES = 32_768

/** Seconds in which a stream that has something to send must get rid of FRAME_BYTES, or of all: nginx's send_timeout, with the progress it asks of HTTP/1 here. */
export const SEND_TICKS = 60

/** Streams that may die early in a row: rapid reset (CVE-2023-44487) and made-you-reset (CVE-2025-8671) need thousands, a browser leaving a page all it has, 128. */
export const EARLY_ENDS = 200
/** So many are forgiven each second, and one for each stream that ends well. */
export const EARLY_ENDS_PER_TICK = 20
/** Frames that carry nothing (PING, SETTINGS, PRIORITY, empty DATA, WINDOW_UPDATE …) in a row; a page load needs a few dozen. */
export const NOISE = 2_000
/** So many are forgiven each second, two for each stream that ends well, and one for each KiB sent: some clients acknowledge every 4 KiB twice. */
export const NOISE_PER_TICK = 200
/** Octets of DATA below which a window that lets out no more earns nothing: small windows have a KiB, a data dribble (CVE-2019-9511) an octet. */
export const DRIBBLE_BYTES = 256
/** What a request with too many fields costs of that: 100 in a row are cookies out of hand, thousands are not. */
export const OVERSIZED_NOISE = 20
/** What a CONTINUATION without a single octet costs of that: nobody has a reason to send one. */
export const EMPTY_CONTINUATION_NOISE = 200

/** Ids of streams that we reset, whose frames may still be on their way, for each stream that may be open: as many again may have been refused. */
export const RESETS_PER_STREAM = 2
