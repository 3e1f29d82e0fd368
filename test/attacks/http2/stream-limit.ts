// More streams than SETTINGS_MAX_CONCURRENT_STREAMS, without end: each is to be refused.
import { head } from '../../features/http2-client.ts'
import { headers } from '../../http/h2/wire.ts'
import { flood, id } from '../flood.ts'

export const streamLimit = flood({ name: 'stream-limit', reason: 'stream_limit_flood', frames: (n) => headers(id(n), head('/', { ':method': 'POST' })) })
