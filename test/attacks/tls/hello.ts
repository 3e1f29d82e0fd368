// Handshakes that are begun: cut into the smallest records, one octet a packet; left after the ClientHello; never begun.
import type { Attack, Attacker } from '../attack.ts'
import { clientHello } from './client-hello.ts'
import { HEAD_SECONDS } from '../scene.ts'

const CONNECTIONS = 50
const STEP_MS = 50
/** A hello of the size of a record: nobody has a larger one. */
const PADDING = 15_000
/** Of a record that carries one octet. */
const RECORD_BYTES = 6

/** Each octet of the message in a record of its own. */
const shattered = (hello: Buffer): Buffer => Buffer.concat(Array.from(hello.subarray(5), (octet) => Buffer.from([22, 3, 1, 0, 1, octet])))
const many = (attacker: Attacker) => Promise.all(Array.from({ length: CONNECTIONS }, () => attacker.tcp()))
const leaving = (opening: Buffer): Attack['run'] => async (attacker) => {
  for (const line of await many(attacker)) await line.send(opening)
  await attacker.hold()
}
/** One octet a write, as fast as they go, on one connection after another. */
const shreds: Attack['run'] = async (attacker) => {
  const bytes = shattered(clientHello(PADDING))
  for (let n = 0; n < CONNECTIONS && !attacker.over; n++) {
    const line = await attacker.tcp()
    for (let at = 0; at < bytes.length && !line.cut && !attacker.over; at += RECORD_BYTES) await line.send(bytes.subarray(at, at + RECORD_BYTES))
  }
  await attacker.hold()
}
const drip: Attack['run'] = async (attacker) => {
  const bytes = shattered(clientHello(0))
  const lines = await many(attacker)
  for (let at = 0; !attacker.over && lines.some(({ closed }) => !closed); at++, await attacker.pause(STEP_MS)) {
    for (const line of lines) await line.send(bytes.subarray(at, at + 1))
  }
}

const late = { transport: 'tls', handshake: 'timeout', seconds: HEAD_SECONDS } as const
export const hello: readonly Attack[] = [
  { transport: 'tls', name: 'hello-shreds', handshake: 'refused', run: shreds },
  { ...late, name: 'hello-drip', run: drip },
  { ...late, name: 'hello-none', run: leaving(Buffer.alloc(0)) },
  { ...late, name: 'hello-half', run: leaving(clientHello(0).subarray(0, 40)) },
  { ...late, name: 'handshake-left', run: leaving(clientHello(0)) },
]
