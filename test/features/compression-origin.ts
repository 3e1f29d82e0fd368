// An origin whose answers tests script octet by octet, and what a client reads of a compressed answer. Knows nothing of the program.
import { createServer, type Socket } from 'node:net'
import { brotliDecompressSync, constants, gunzipSync, zstdDecompressSync } from 'node:zlib'
import type { FieldLine } from '../support/http1.ts'
import { changes } from '../support/until.ts'

/** What `accept-encoding` asks for, undone; `cut`: what can be read of one that has not ended. */
export const decode: Readonly<Record<string, (bytes: Buffer) => Buffer>> = { gzip: (bytes) => gunzipSync(bytes), br: (bytes) => brotliDecompressSync(bytes), zstd: (bytes) => zstdDecompressSync(bytes) }
export const decodeCut: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip: (bytes) => gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }),
  br: (bytes) => brotliDecompressSync(bytes, { finishFlush: constants.BROTLI_OPERATION_FLUSH }),
  zstd: (bytes) => zstdDecompressSync(bytes, { finishFlush: constants.ZSTD_e_flush }),
}
export const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')

export const valueOf = (fields: readonly FieldLine[], name: string): string | undefined => {
  const values = fields.filter(([field]) => field.toLowerCase() === name).map(([, value]) => value)
  return values.length === 0 ? undefined : values.join(', ')
}

/** A request that waits for its answer: the test writes to `socket` what it likes. */
export type Waiting = { readonly target: string; readonly head: string; readonly socket: Socket }
export async function scriptedOrigin(answer: (request: Waiting) => void = () => undefined) {
  const waiting: Waiting[] = []
  const sockets = new Set<Socket>()
  const { notify, when } = changes()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => { sockets.delete(socket); notify() })
    socket.on('data', (bytes: Buffer) => {
      const head = bytes.toString('latin1')
      const request = { target: /^\w+ (\S+)/.exec(head)?.[1] ?? '', head, socket }
      waiting.push(request)
      answer(request)
      notify()
    })
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening on a port')
  return {
    port: address.port, waiting, when,
    /** The request for `target`, as soon as it has come. */
    asked: async (target: string): Promise<Waiting> => {
      await when(() => waiting.some((request) => request.target === target))
      return waiting.find((request) => request.target === target)!
    },
    close: () => { for (const socket of sockets) socket.destroy(); server.close() },
  }
}
