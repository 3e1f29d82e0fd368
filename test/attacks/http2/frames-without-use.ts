// Frames that carry nothing and must be read, and often answered (CVE-2019-9512, -9515, -9518).
import { FLAG, SETTING } from '../../../src/http/h2/frames.ts'
import { frame, goaway, lone, ping, priority, rst, settings, settingsAck, windowUpdate } from '../../http/h2/wire.ts'
import { head } from '../../features/http2-client.ts'
import { flood } from '../flood.ts'

const UNKNOWN_TYPE = 0xbe
const CANCEL = 8
/** As many settings as a frame holds. */
const full = settings(...Array.from({ length: 2_730 }, (_, n): [number, number] => [SETTING.INITIAL_WINDOW_SIZE, n]))

export const framesWithoutUse = [
  flood({ name: 'ping', reason: 'ping_flood', frames: () => ping(), same: true }),
  flood({ name: 'ping-ack', reason: 'ping_flood', frames: () => ping('87654321', FLAG.ACK), same: true }),
  flood({ name: 'settings', reason: 'settings_flood', frames: () => settings(), same: true }),
  flood({ name: 'settings-full', reason: 'settings_flood', frames: () => full, same: true }),
  flood({ name: 'settings-ack', reason: 'settings_flood', frames: () => settingsAck, same: true }),
  flood({ name: 'priority', reason: 'priority_flood', frames: (n) => priority(2 * n + 1, 0) }),
  flood({ name: 'window-update', reason: 'window_update_flood', frames: () => windowUpdate(0, 1), same: true }),
  flood({ name: 'reset', reason: 'reset_flood', opening: Buffer.concat([lone(1, head('/')), rst(1, CANCEL)]), frames: () => rst(1, CANCEL), same: true }),
  flood({ name: 'goaway', reason: 'goaway_flood', frames: () => goaway(0), same: true }),
  flood({ name: 'unknown-frames', reason: 'unknown_frame_flood', frames: () => frame(UNKNOWN_TYPE, {}), same: true }),
]
