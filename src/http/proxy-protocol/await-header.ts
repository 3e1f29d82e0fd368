// The first octets of a connection that a proxy in front may have opened: read on until its PROXY header is whole. Knows no other protocol.
import type { Socket } from 'node:net'
import type { ProxyHeader, ProxyRead } from './header.ts'
import { readProxyHeader } from './read.ts'

/** missing: it begins otherwise. malformed: broken, too long, or in crumbs. timeout: not whole in time. client_gone: it ended inside. */
export type ProxyHeaderFault = 'missing' | 'malformed' | 'timeout' | 'client_gone'

/** required: where it does not begin with a header, it is closed. */
export type HeaderWait = { readonly required: boolean; readonly withinMs: number }

/** One of them is called, once; neither for a client that leaves without an octet, as probes of a port do. */
export type HeaderEvents = {
  /** Go on reading at once: the socket may be flowing. rest: what has come behind the header. null: there is none, and none is required. */
  readonly whole: (header: ProxyHeader | null, rest: Buffer) => void
  /** The socket is destroyed. */
  readonly failed: (fault: ProxyHeaderFault) => void
}

/** Reads in which a header must have come: more than a line has octets. */
const HEADER_READS = 256

export const awaitProxyHeader = (socket: Socket, { required, withinMs }: HeaderWait, { whole, failed }: HeaderEvents) => {
  let held: Buffer = EMPTY
  let reads = 0
  const late = setTimeout(() => { if (!required && held.length === 0) pass(null, held); else leave('timeout') }, withinMs)
  const settle = () => {
    clearTimeout(late)
    socket.off('data', read).off('end', gone).off('close', gone)
  }
  const leave = (fault: ProxyHeaderFault) => {
    settle()
    socket.destroy()
    if (held.length > 0 || fault === 'timeout') failed(fault)
  }
  const pass = (header: ProxyHeader | null, rest: Buffer) => {
    settle()
    whole(header, rest)
  }
  const gone = () => leave('client_gone')
  const read = (bytes: Buffer) => {
    held = held.length === 0 ? bytes : Buffer.concat([held, bytes])
    const header: ProxyRead = readProxyHeader(held)
    if (header === 'broken') return leave('malformed')
    if (header === 'none') return required ? leave('missing') : pass(null, held)
    if (header !== 'more') return pass(header, held.subarray(header.length))
    if (++reads === HEADER_READS) leave('malformed')
  }
  // A socket on the port may be half-open: without 'end', half a header would be waited for until time is up. 'close' follows an error.
  socket.on('data', read).once('end', gone).once('close', gone).on('error', ignored)
}
/** Stays for as long as the socket: made in there it would keep the header and the timer. */
const ignored = () => undefined
const EMPTY: Buffer = Buffer.alloc(0)
