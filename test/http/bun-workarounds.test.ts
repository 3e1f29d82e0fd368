// What Bun does wrong today and src/http works around. A test that fails here is good news: its message says which code can go.
import { afterEach, expect, test } from 'bun:test'
import { connect, createServer, type Socket } from 'node:net'
import { Compressors } from '../../src/proxy/compress/compressor.ts'
import { CODINGS } from '../../src/settings.ts'
import { dial, keeping, listen } from './support.ts'

const kept = keeping()
const sockets: Socket[] = []
afterEach(() => { for (const socket of sockets.splice(0)) socket.destroy() })

/** A socket of a server, and its peer. */
const accepted = async () => {
  const made = Promise.withResolvers<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => { sockets.push(socket); made.resolve(socket) })
  kept({ close: () => server.close() })
  const peer = kept(await dial(await listen(server)))
  return { socket: await made.promise, peer }
}
const fired = (socket: Socket, event: string) => new Promise<void>((resolve) => { socket.once(event, () => resolve()) })

test("'timeout' does not fire on a stalled write (bun.md §1.3)", async () => {
  const { socket, peer } = await accepted()
  peer.socket.pause()
  while (socket.write(Buffer.alloc(1_000_000)));
  let timeouts = 0
  socket.setTimeout(50, () => { timeouts++ })
  const idle = await accepted()
  idle.socket.setTimeout(400)
  await fired(idle.socket, 'timeout')
  expect(timeouts, 'Bun reports stalled writes now: Wire need not arm the clock for a blocked write (wire.ts, clock.ts)').toBe(0)
})

test("destroy() emits 'end' (bun.md §1.2)", async () => {
  const { socket } = await accepted()
  const events: string[] = []
  socket.on('end', () => { events.push(`end, destroyed: ${socket.destroyed}`) })
  socket.resume()
  socket.destroy()
  await fired(socket, 'close')
  expect(events, "a local destroy() is silent now: the check of `destroyed` on 'end' can go (wire.ts, attach)").toEqual(['end, destroyed: true'])
})

test('every failure to connect is called ECONNREFUSED (bun.md §1.4)', async () => {
  const failure = Promise.withResolvers<unknown>()
  const socket = connect({ port: 9, host: '255.255.255.255' })
  socket.on('error', (error) => failure.resolve(Reflect.get(error, 'code')))
  sockets.push(socket)
  expect(await failure.promise, 'Bun tells failures apart now: the message of connect_failed can name the reason (client.ts, #refused)').toBe('ECONNREFUSED')
})

test('under a stream of node:zlib is what compresses at once, and says what is left (bun.md §9)', () => {
  const all = new Compressors()
  for (const coding of CODINGS) expect(all.open(coding, 1), `${coding} goes uncompressed: look for another way under node:zlib (proxy/compress/compressor.ts)`).not.toBeNull()
})
