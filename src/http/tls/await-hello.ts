// The first octets of a TLS connection: read on until the ClientHello is whole, then given on. Knows no certificates.
import type { Socket } from 'node:net'
import { HELLO_BYTES, readHello } from './client-hello.ts'
import type { HandshakeFailure } from './contexts.ts'

/** Reads in which a hello must have come. In the smallest segments of TCP (536 octets, RFC 9293 §3.7.1) the largest takes 31; with one for each octet it would cost more than a handshake. */
const HELLO_READS = 64

/** One of them is called, once; neither for a client that leaves without an octet, as probes of a port do. */
export type HelloEvents = {
  /** The socket is paused. hello: all that was read of it, for whoever goes on. serverName: `` without. */
  readonly whole: (serverName: string, hello: Buffer) => void
  /** The socket is destroyed. */
  readonly failed: (reason: HandshakeFailure) => void
}

export const awaitHello = (socket: Socket, withinMs: number, { whole, failed }: HelloEvents) => {
  let held: Buffer | null = null
  let reads = 0
  const late = setTimeout(() => leave('timeout'), withinMs)
  const settle = () => {
    clearTimeout(late)
    socket.off('data', read).off('end', gone).off('close', gone)
  }
  const leave = (reason: HandshakeFailure) => {
    settle()
    socket.destroy()
    if (held !== null || reason === 'timeout') failed(reason)
  }
  const gone = () => leave('client_gone')
  const read = (bytes: Buffer) => {
    held = held === null ? bytes : Buffer.concat([held, bytes])
    const hello = readHello(held)
    if (hello === 'more' && held.length <= HELLO_BYTES) return ++reads < HELLO_READS ? undefined : leave('refused')
    settle()
    socket.pause()
    whole(hello === 'more' ? '' : hello.serverName, held)
  }
  // A socket on the port may be half-open: without 'end', half a hello would be waited for until time is up. 'close' follows an error.
  socket.on('data', read).once('end', gone).once('close', gone).on('error', ignored)
}
/** Stays for as long as the socket: made in there it would keep the hello and the timer, 2 KB a connection. */
const ignored = () => undefined
