// Requests that are malformed, each refused by a RST_STREAM: a rapid reset made by mistakes.
import { head } from '../../features/http2-client.ts'
import { lone } from '../../http/h2/wire.ts'
import { flood, id } from '../flood.ts'

export const malformed = flood({ name: 'malformed', reason: 'malformed_flood', frames: (n) => lone(id(n), head('/', {}, [['upgrade', 'h2c']])) })
