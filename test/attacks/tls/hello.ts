// Handshakes that are begun: cut into the smallest records, one octet a packet; left after the ClientHello; never begun.
import type { Attack, Attacker } from '../attack.ts'
import { clientHello } from './client-hello.ts'
import { HEAD_SECONDS } from '../scene.ts'

const CONNECTIONS = 50
const STEP_MS = 50
/** A hello of the size of a record: nobody has a larger one. */
const PADDING = 15_000

/** Each octet of the message in a record of its own. */
const shattered = (hello: Buffer): Buffer => Buffer.concat(Array.from(hello.subarray(5), (octet) => Buffer.from([22, 3, 1, 0, 1, octet])))
const many = (attacker: Attacker) => Promise.all(Array.from({ length: CONNECTIONS }, () => attacker.tcp()))
const leaving = (opening: Buffer): Attack['run'] => async (attacker) => {
  for (const line of await many(attacker)) await line.send(opening)
  await attacker.hold()
}
/** One octet a write, as fast as they go. */
const shreds: Attack['run'] = async (attacker) => {
  const bytes = shattered(clientHello(PADDING))
  for (const line of await many(attacker)) for (let at = 0; at < bytes.length && !line.closed && !attacker.over; at += 6) await line.send(bytes.subarray(at, at + 6))
}
const drip: Attack['run'] = async (attacker) => {
  const bytes = shattered(clientHello(0))
  const lines = await many(attacker)
  for (let at = 0; !attacker.over && lines.some(({ closed }) => !closed); at++, await attacker.pause(STEP_MS)) {
    for (const line of lines) await line.send(bytes.subarray(at, at + 1))
  }
}

const common = { transport: 'tls', inert: 'a connection that is not secured in its time is closed' } as const
export const hello: readonly Attack[] = [
  { ...common, name: 'hello-shreds', inert: 'a hello may be cut into records of one octet, up to 16 KiB in all', run: shreds },
  { ...common, name: 'hello-drip', seconds: HEAD_SECONDS, run: drip },
  { ...common, name: 'hello-none', seconds: HEAD_SECONDS, run: leaving(Buffer.alloc(0)) },
  { ...common, name: 'hello-half', seconds: HEAD_SECONDS, run: leaving(clientHello(0).subarray(0, 40)) },
  { ...common, name: 'handshake-left', seconds: HEAD_SECONDS, run: leaving(clientHello(0)) },
]
