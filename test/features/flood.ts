// Many connections at once, as an attacker holds them: each sends what it is given, then waits. Counts what became of them; knows no program.
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** At once under way: more would be a queue in the kernel. */
const ABREAST = 200

export type Flood = {
  /** Connections that are open now, and those that the other side ended. */
  readonly counts: { open: number; ended: number }
  /** Lets go of all. */
  release(): void
}

/** Opens `connections`, one after another so many abreast; resolves when each is open and has sent, or has ended. */
export async function flood({ port, connections, bytes, tls = false }: { readonly port: number; readonly connections: number; readonly bytes: string; readonly tls?: boolean }): Promise<Flood> {
  const counts = { open: 0, ended: 0 }
  const sockets = new Set<Socket>()
  const one = () => new Promise<void>((resolve) => {
    const sent = () => { socket.write(bytes); resolve() }
    const socket = tls ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }, sent) : connect({ port, host: '127.0.0.1' }, sent)
    counts.open++
    sockets.add(socket)
    socket.on('error', () => undefined).on('data', () => undefined).on('close', () => {
      counts.open--
      counts.ended++
      sockets.delete(socket)
      resolve()
    })
  })
  for (let left = connections; left > 0; left -= ABREAST) await Promise.all(Array.from({ length: Math.min(left, ABREAST) }, one))
  return { counts, release: () => { for (const socket of sockets) socket.destroy() } }
}
