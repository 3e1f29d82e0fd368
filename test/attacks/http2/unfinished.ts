// As many requests as may be open, each without the end of its body.
import { head } from '../../features/http2-client.ts'
import { data, headers } from '../../http/h2/wire.ts'
import type { Attack } from '../attack.ts'
import { id } from '../flood.ts'
import { BODY_SECONDS } from '../scene.ts'

const STREAMS = 128

export const unfinished: Attack = {
  name: 'unfinished',
  reason: 'timeout_body',
  inert: 'each stream is answered by 408 and reset, the connection stays',
  seconds: BODY_SECONDS,
  run: async (attacker) => {
    const line = await attacker.http2()
    await line.send(Buffer.concat(Array.from({ length: STREAMS }, (_, n) => Buffer.concat([headers(id(n), head('/', { ':method': 'POST' })), data(id(n), 'x')]))))
    await attacker.hold()
  },
}
