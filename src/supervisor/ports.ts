// Where we listen, as far as it is left to us: every address of the machine, and ports (`--http-port 0`): one number for all workers, taken before they listen.
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { FlagError, type Flags } from '../settings.ts'

/**
 * Flags with a real address and real ports. The free ones are held by listeners that workers can join (reusePort): `release` when all of them listen and
 * before anyone is told the numbers, for no connection may land here. Throws FlagError.
 */
export async function choosePorts(flags: Flags): Promise<{ flags: Flags; release: () => Promise<void> }> {
  const bindAddress = flags.bindAddress === '' ? everyAddress() : flags.bindAddress
  const http = await chosenPort(flags.httpPort, bindAddress)
  const https = await chosenPort(flags.httpsPort, bindAddress)
  const held = [http.holder, https.holder].filter((server) => server !== undefined)
  return {
    flags: { ...flags, bindAddress, httpPort: http.port, httpsPort: https.port },
    release: async () => void (await Promise.all(held.map(closed))),
  }
}

/** `::` takes IPv4 too, on a node without IPv4 as well as on one whose IPv6 is switched off by sysctl. A kernel without IPv6 has neither the file nor such sockets. */
const everyAddress = (): string => existsSync('/proc/net/if_inet6') ? '::' : '0.0.0.0'

/** A fixed port is not held: while another process serves it, its connections would come to us (bun.md §5.4). */
async function chosenPort(port: number, host: string): Promise<{ port: number; holder?: Server }> {
  if (port !== 0) return { port }
  const holder = createServer((socket) => socket.destroy())
  holder.listen({ port, host, reusePort: true })
  try {
    await once(holder, 'listening')
  } catch (error) {
    throw new FlagError(`--bind-address=${host}: no port can be had there (${String(error)}): give an address of this machine`)
  }
  return { port: portOf(holder), holder }
}

async function closed(server: Server): Promise<void> {
  const close = once(server, 'close')
  server.close()
  await close
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP listener has an address and a port')
  return address.port
}
