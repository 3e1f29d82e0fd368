// Connections that never get to the point: a head, or a body, octet by octet.
import type { Attack, Attacker } from '../attack.ts'
import { BODY_SECONDS, HEAD_SECONDS } from '../scene.ts'
import type { Line } from '../line.ts'

const CONNECTIONS = 100
const STEP_MS = 100

const dripping = async (attacker: Attacker, opening: string, drop: (line: Line) => Promise<void>) => {
  const lines = await Promise.all(Array.from({ length: CONNECTIONS }, () => attacker.http1()))
  for (const line of lines) await line.send(opening)
  for (; !attacker.over && lines.some(({ closed }) => !closed); await attacker.pause(STEP_MS)) for (const line of lines) await drop(line)
}
const still = async () => undefined
const POST = 'POST / HTTP/1.1\r\nHost: app.example\r\nContent-Length: 100000\r\n\r\n'

export const slowloris: readonly Attack[] = [
  { name: 'slowloris-silent', seconds: HEAD_SECONDS, inert: 'nobody asked for anything: it is closed after its time', run: (attacker) => dripping(attacker, '', still) },
  { name: 'slowloris-head', seconds: HEAD_SECONDS, reason: 'timeout_header', run: (attacker) => dripping(attacker, 'GET / HTTP/1.1\r\nHost: app.example\r\nX-A: ', (line) => line.send('a')) },
  { name: 'slowloris-body', seconds: BODY_SECONDS, reason: 'timeout_body', run: (attacker) => dripping(attacker, POST, still) },
  {
    name: 'slowloris-body-drip', inert: 'a slow upload is one: it holds a connection on each side, as in nginx',
    run: (attacker) => dripping(attacker, POST, (line) => line.send('a')),
  },
]
