// All attacks there are.
import type { Attack } from './attack.ts'
import { chunks } from './http1/chunks.ts'
import { garbage } from './http1/garbage.ts'
import { pipelining } from './http1/pipelining.ts'
import { slowloris } from './http1/slowloris.ts'
import { bodiesOfNothing } from './http2/bodies-of-nothing.ts'
import { continuations } from './http2/continuation.ts'
import { emptyHeaders } from './http2/empty-headers.ts'
import { framesWithoutUse } from './http2/frames-without-use.ts'
import { hpack } from './http2/hpack.ts'
import { madeYouReset } from './http2/made-you-reset.ts'
import { malformed } from './http2/malformed.ts'
import { rapidReset } from './http2/rapid-reset.ts'
import { slowRead } from './http2/slow-read.ts'
import { streamLimit } from './http2/stream-limit.ts'
import { unfinished } from './http2/unfinished.ts'
import { hello } from './tls/hello.ts'
import { renegotiation } from './tls/renegotiation.ts'

/** By what they need to know of us. */
export const http2Resets: readonly Attack[] = [rapidReset, ...madeYouReset, malformed, emptyHeaders, streamLimit]
export const http2Frames: readonly Attack[] = [...framesWithoutUse, ...bodiesOfNothing]
export const http2Fields: readonly Attack[] = [...continuations, ...hpack]
export const http2Slow: readonly Attack[] = [...slowRead, unfinished]
export const http1: readonly Attack[] = [...slowloris, ...pipelining, ...chunks, garbage]
export const tls: readonly Attack[] = [...hello, renegotiation]

export const attacks: readonly Attack[] = [...http2Resets, ...http2Frames, ...http2Fields, ...http2Slow, ...http1, ...tls]
