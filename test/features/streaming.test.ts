// Large bodies both ways: they arrive whole, they flow at the speed of the slower side, and the program does not hold them.
import { beforeAll, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { configMap } from '../support/manifests.ts'
import { start, type Program } from '../support/program.ts'
import { until } from '../support/until.ts'
import { app, CONFIGURED, resources, route } from './scene.ts'

const BODY_BYTES = 64 << 20
/** What kernel buffers of two connections (a few MiB each on loopback) and the program may hold of a body that nobody reads. */
const HELD_BYTES = 24 << 20
/** What the program may grow by while bodies of 64 MiB stream: far below one of them. */
const GROWTH_BYTES = 40 << 20
const PIECE = Buffer.alloc(64 << 10, 'lintel')

const keep = resources()

/** An origin on raw sockets: `/up` counts what it gets when told to read, `/down` writes as fast as it is taken. */
async function origin() {
  const seen = { received: 0, written: 0 }
  const gate = Promise.withResolvers<void>()
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.once('data', (head: Buffer) => {
      if (head.includes('GET /down')) return pour(socket, `HTTP/1.1 200 OK\r\nContent-Length: ${BODY_BYTES}\r\n\r\n`, (bytes) => { seen.written += bytes })
      seen.received += head.length - (head.indexOf('\r\n\r\n') + 4)
      socket.pause()
      void gate.promise.then(() => socket.resume())
      socket.on('data', (chunk: Buffer) => {
        seen.received += chunk.length
        if (seen.received === BODY_BYTES) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok')
      })
    })
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening on a port')
  return { seen, port: address.port, read: gate.resolve, close: () => { server.close() } }
}

/** Head and body, as fast as they are taken; a write() that returns false has taken its octets too. */
function pour(socket: Socket, head: string, wrote: (bytes: number) => void): void {
  let left = BODY_BYTES
  const more = () => {
    while (left > 0) {
      left -= PIECE.length
      wrote(PIECE.length)
      if (!socket.write(PIECE)) return
    }
  }
  socket.on('drain', more)
  socket.write(head)
  more()
}

const residentBytes = ({ pid }: Program) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024

/** Resolves when `value` has stopped moving: the same for a quarter of a second. */
async function stalled(value: () => number): Promise<number> {
  let last = -1
  let since = performance.now()
  await until('it stands still', () => {
    if (value() !== last) since = performance.now()
    last = value()
    return last > 0 && performance.now() - since > 250
  }, 10_000)
  return last
}

async function client(program: Program): Promise<Socket> {
  const socket = connect(program.http, '127.0.0.1')
  await new Promise<void>((resolve, reject) => { socket.once('connect', resolve).once('error', reject) })
  await keep(socket)
  return socket
}

let program: Program
let upstream: Awaited<ReturnType<typeof origin>>
let restBytes: number
beforeAll(async () => {
  upstream = await keep(origin())
  program = await keep(start({ flags: [CONFIGURED], manifests: [...app('app', upstream), route({ to: 'app' }), configMap({ name: 'settings' }, { 'proxy-body-size': '0' })] }))
  restBytes = residentBytes(program)
})

test('an upload waits for the upstream to read, then arrives whole', async () => {
  const socket = await client(program)
  let taken = 0
  pour(socket, `PUT /up HTTP/1.1\r\nHost: app.example\r\nContent-Length: ${BODY_BYTES}\r\n\r\n`, (bytes) => { taken += bytes })
  expect(await stalled(() => taken)).toBeLessThan(HELD_BYTES)
  upstream.read()
  const answer = await new Promise<string>((resolve) => { socket.once('data', (bytes: Buffer) => resolve(bytes.toString())) })
  expect(answer).toEndWith('\r\n\r\nok')
  expect(upstream.seen.received).toBe(BODY_BYTES)
  expect(residentBytes(program) - restBytes).toBeLessThan(GROWTH_BYTES)
})

test('a download waits for the client to read, then arrives whole', async () => {
  const socket = await client(program)
  socket.pause()
  socket.write('GET /down HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n\r\n')
  expect(await stalled(() => upstream.seen.written)).toBeLessThan(HELD_BYTES)
  expect(residentBytes(program) - restBytes).toBeLessThan(GROWTH_BYTES)
  let received = 0
  let octets = 0
  socket.on('data', (chunk: Buffer) => {
    const head = received === 0 ? chunk.indexOf('\r\n\r\n') + 4 : 0
    received += chunk.length
    octets += chunk.length - head
  })
  socket.resume()
  await new Promise((resolve) => { socket.once('end', resolve) })
  expect(octets).toBe(BODY_BYTES)
  const grown = residentBytes(program) - restBytes
  console.log(`64 MiB each way: resident memory grew by ${(grown / 2 ** 20).toFixed(1)} MiB`)
  expect(grown).toBeLessThan(GROWTH_BYTES)
})
