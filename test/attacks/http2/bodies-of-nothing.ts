// A body that does not grow: empty DATA, and DATA that is padding (CVE-2019-9518). Padding counts for flow control, and is no body.
import { head } from '../../features/http2-client.ts'
import { data, headers, padded, windowUpdate } from '../../http/h2/wire.ts'
import { flood } from '../flood.ts'

const opening = headers(1, head('/', { ':method': 'POST' }))

export const bodiesOfNothing = [
  flood({ name: 'empty-data', reason: 'empty_data_flood', opening, frames: () => data(1, ''), same: true }),
  flood({ name: 'padding', reason: 'padding_flood', opening, frames: () => padded(1, '', 0), same: true }),
  flood({ name: 'padding-large', reason: 'padding_flood', opening, frames: () => padded(1, '', 255), same: true }),
  flood({ name: 'window-update-stream', reason: 'window_update_flood', opening, frames: () => windowUpdate(1, 1), same: true }),
]
