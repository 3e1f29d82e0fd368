// CVE-2024-27316 and its kin: a field section that does not end.
import { FLAG, TYPE } from '../../../src/http/h2/frames.ts'
import { head } from '../../features/http2-client.ts'
import { block, continuation, frame } from '../../http/h2/wire.ts'
import { flood, id } from '../flood.ts'

const opening = frame(TYPE.HEADERS, { id: 1 }, block(head('/')))
const small = continuation(1, block([['a', '']]))
const large = continuation(1, Buffer.concat(Array.from({ length: 900 }, () => block([['x-filler', 'filler']]))))
const PARTS = 15

export const continuations = [
  flood({ name: 'continuation', reason: 'continuation_flood', opening, frames: () => small, same: true }),
  flood({ name: 'continuation-large', reason: 'header_flood', opening, frames: () => large, same: true }),
  flood({ name: 'continuation-empty', reason: 'continuation_flood', opening, frames: () => continuation(1, Buffer.alloc(0)), same: true }),
  // Each section ends, and is refused: within the bounds of one, as often as it can be sent.
  flood({
    name: 'continuation-ended',
    reason: 'malformed_flood',
    frames: (n) => Buffer.concat([
      frame(TYPE.HEADERS, { id: id(n), flags: FLAG.END_STREAM }, block([...head('/'), ['upgrade', 'h2c']])),
      ...Array.from({ length: PARTS }, () => continuation(id(n), block([['a', '']]))),
      continuation(id(n), block([['a', '']]), FLAG.END_HEADERS),
    ]),
  }),
]
