// How a connection that may not stay is ended. Knows no reason.
import type { Socket } from 'node:net'

/** A reset costs least, leaves nothing behind, and tells the client that nothing was read. */
export const turnAway = (socket: Socket) => { socket.on('error', ignored).resetAndDestroy() }
const ignored = () => undefined
