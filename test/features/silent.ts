// Origins that do not play: one that accepts and never reads or answers, one that does not even accept. Knows nothing of the proxy.
import { createServer, connect, type Socket } from 'node:net'
import { within } from '../support/until.ts'

export type Silent = { readonly port: number; close(): void }

/** Accepts, reads nothing, says nothing. */
export async function deafUpstream(): Promise<Silent> {
  const sockets = new Set<Socket>()
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening on a port')
  const close = () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
  return { port: address.port, close }
}

const LISTEN = 'const s = require("node:net").createServer(); s.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => console.log(s.address().port))'
/** A connection to loopback stands in well under a millisecond; one that takes longer waits for a place in the queue. */
const CONNECT_MS = 200

/** A port whose accept queue is full: the kernel drops further SYNs, so that connecting neither succeeds nor fails. */
export async function fullUpstream(): Promise<Silent> {
  const child = Bun.spawn([process.execPath, '-e', LISTEN], { stdout: 'pipe' })
  const { value } = await child.stdout.getReader().read()
  const port = Number(new TextDecoder().decode(value))
  child.kill('SIGSTOP')
  const fillers: Socket[] = []
  for (let connected: boolean | undefined = true; connected;) {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined)
    fillers.push(socket)
    connected = await within(new Promise<boolean>((resolve) => { socket.once('connect', () => resolve(true)) }), CONNECT_MS)
  }
  const close = () => {
    for (const socket of fillers) socket.destroy()
    child.kill('SIGKILL')
  }
  return { port, close }
}

/** A port of loopback that refuses connections. */
export async function refusingPort(): Promise<{ readonly port: number }> {
  const { port, close } = await deafUpstream()
  close()
  return { port }
}
