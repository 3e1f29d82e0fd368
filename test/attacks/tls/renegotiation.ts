// A new handshake on a connection that stands, again and again (CVE-2011-1473). Clients here refuse to: openssl's does it on a line `R`.
import type { Attack } from '../attack.ts'

const COMMAND = 'openssl'
const ROUNDS = 50

export const renegotiation: Attack = {
  name: 'renegotiation',
  transport: 'tls',
  inert: 'the first attempt ends the connection',
  run: async ({ tlsPort }) => {
    if (Bun.which(COMMAND) === null) throw new Error(`${COMMAND} is not installed`)
    const child = Bun.spawn([COMMAND, 's_client', '-connect', `127.0.0.1:${tlsPort}`, '-servername', 'app.example', '-tls1_2'], { stdin: 'pipe', stdout: 'ignore', stderr: 'pipe' })
    await child.stdin.write('R\n'.repeat(ROUNDS))
    await child.stdin.flush()
    const text = await new Response(child.stderr).text()
    await child.exited
    if (!/no renegotiation|NO_RENEGOTIATION/i.test(text)) throw new Error(`it was not refused: ${text}`)
  },
}
