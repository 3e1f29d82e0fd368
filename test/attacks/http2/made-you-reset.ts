// CVE-2025-8671: streams that the proxy itself must reset, because of something wrong that they bring.
import { head } from '../../features/http2-client.ts'
import { data, headers, last, lone, priority, windowUpdate } from '../../http/h2/wire.ts'
import { flood, id } from '../flood.ts'

const MAX_WINDOW = 2 ** 31 - 1
const GET = head('/')
const POST = head('/', { ':method': 'POST' })
/** What makes the proxy reset a stream, by name. */
const provocations: Readonly<Record<string, (id: number) => Buffer>> = {
  'zero-increment': (id) => Buffer.concat([lone(id, GET), windowUpdate(id, 0)]),
  'window-overflow': (id) => Buffer.concat([lone(id, GET), windowUpdate(id, MAX_WINDOW)]),
  'data-after-end': (id) => Buffer.concat([lone(id, GET), data(id, 'x')]),
  'headers-after-end': (id) => Buffer.concat([lone(id, GET), lone(id, GET)]),
  'wrong-length': (id) => Buffer.concat([headers(id, [...POST, ['content-length', '2']]), last(id, 'x')]),
  'self-dependency': (id) => Buffer.concat([lone(id, GET), priority(id, id)]),
}

export const madeYouReset = Object.entries(provocations).map(([name, frames]) =>
  flood({ name: `made-you-reset-${name}`, reason: 'made_you_reset', frames: (n) => frames(id(n)) }))
