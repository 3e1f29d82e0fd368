// The server behind all three proxies: answers what is a request for the strictest reader, and remembers nothing else.
import { createServer, type Socket } from 'node:net'
import { parseRequest } from '../support/http1.ts'

const ANSWER = 'HTTP/1.1 200 OK\r\nX-Served-By: origin\r\nContent-Length: 0\r\n\r\n'

export type Origin = { readonly port: number; close(): void }

/** A request that only a lenient server would read is answered with 418: a proxy let something through that it should not have. */
export const startOrigin = async (): Promise<Origin> => {
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    let held = Buffer.alloc(0)
    socket.on('data', (bytes: Buffer) => {
      held = Buffer.concat([held, bytes])
      for (;;) {
        const parsed = parseRequest(held)
        if (parsed.state === 'invalid') return void socket.end('HTTP/1.1 418 Odd\r\nX-Served-By: origin\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
        if (parsed.state === 'partial') return
        held = held.subarray(parsed.length)
        socket.write(ANSWER)
      }
    })
    socket.on('error', () => open.delete(socket))
    socket.on('close', () => open.delete(socket))
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { port, close() { server.close(); for (const socket of open) socket.destroy() } }
}
