// Ports of loopback, for programs that can't choose one by themselves. Knows no protocol.
import { connect } from 'node:net'

/** Nobody listens on it now; it is not reserved. */
export const freePort = (): number => {
  const probe = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  probe.stop(true)
  return probe.port
}

export const accepts = (port: number): Promise<boolean> => new Promise((resolve) => {
  const socket = connect({ port, host: '127.0.0.1' }, () => { socket.destroy(); resolve(true) })
  socket.on('error', () => resolve(false))
})
