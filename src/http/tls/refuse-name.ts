// How a client hears that nobody here has the name it asks for. Knows no names.
import type { Socket } from 'node:net'

/** Alert record (21) of TLS 1.2, as all before encryption are: fatal (2), unrecognized_name (112) (RFC 6066 §3, RFC 8446 §6). */
const UNRECOGNIZED_NAME = Buffer.from([21, 3, 3, 0, 2, 2, 112])

/** The socket is paused: nothing of it is read any more. */
export const refuseName = (socket: Socket) => { socket.end(UNRECOGNIZED_NAME, () => socket.destroy()) }
