// An endpoint that speaks the PROXY protocol: tells each request by which connection it came, and what that began with.
import { createServer, type Socket } from 'node:net'
import { z } from 'zod'
import type { ProxyHeader } from '../../src/http/proxy-protocol/header.ts'
import { readProxyHeader } from '../../src/http/proxy-protocol/read.ts'
import type { ResponseMessage } from '../support/http1.ts'

const HEAD_END = '\r\n\r\n'
const place = z.object({ address: z.string(), port: z.number() })
const told = z.object({ connection: z.number(), version: z.number(), ends: z.object({ client: place, server: place }).nullable(), tlvs: z.record(z.string(), z.unknown()) })
export type ToldBy = z.output<typeof told>
/** Of an answer of it. */
export const toldBy = ({ body }: Pick<ResponseMessage, 'body'>): ToldBy => told.parse(JSON.parse(body))

export type ProxyOrigin = { readonly port: number; readonly open: number; readonly opened: number; stop(): void }

/** Requests have no bodies. */
export async function proxyOrigin(): Promise<ProxyOrigin> {
  const sockets = new Set<Socket>()
  let opened = 0
  const server = createServer((socket) => {
    const connection = ++opened
    let held = Buffer.alloc(0)
    let header: ProxyHeader | null = null
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    socket.on('data', (bytes: Buffer) => {
      held = Buffer.concat([held, bytes])
      if (header === null) {
        const read = readProxyHeader(held)
        if (read === 'more') return
        if (typeof read === 'string') return void socket.destroy()
        header = read
        held = held.subarray(read.length)
      }
      for (let end = held.indexOf(HEAD_END); end >= 0; end = held.indexOf(HEAD_END)) {
        held = held.subarray(end + HEAD_END.length)
        const body = JSON.stringify({ connection, ...header })
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return {
    port: address.port,
    get open() { return sockets.size },
    get opened() { return opened },
    stop() { for (const socket of sockets) socket.destroy(); server.close() },
  }
}
