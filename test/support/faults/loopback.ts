// Servers on ports of loopback that the system chooses. Knows no protocol.
import type { Server } from 'node:net'

/** Resolves to the port when it accepts. */
export async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening on a port')
  return address.port
}
