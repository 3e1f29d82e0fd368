// Large bodies both ways: they arrive whole, they flow at the speed of the slower side, and the program does not hold them.
import { beforeAll, describe, expect, test } from 'bun:test'
import { connect, createServer, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { certificate } from '../support/certificate.ts'
import { configMap, tlsSecret } from '../support/manifests.ts'
import { start, toYaml, type Program } from '../support/program.ts'
import { until } from '../support/until.ts'
import { residentBytes, stalled } from './observe.ts'
import { app, applied, CONFIGURED, resources, route } from './scene.ts'

const BODY_BYTES = 64 << 20
/** What kernel buffers of two connections (a few MiB each on loopback) and the program may hold of a body that nobody reads. */
const HELD_BYTES = 24 << 20
/** What the program may grow by while bodies of 64 MiB stream: far below one of them. */
const GROWTH_BYTES = 40 << 20
const PIECE = Buffer.alloc(64 << 10, 'lintel')

const keep = resources()

type Seen = { received: number; written: number }
/** What an origin does with a request, by its path, once for each connection; `seen` counts octets of bodies. */
const PATHS: Readonly<Record<string, (socket: Socket, first: Buffer, origin: { seen: Seen; gate: Promise<void> }) => void>> = {
  '/down': (socket, _, { seen }) => pour(socket, `HTTP/1.1 200 OK\r\nContent-Length: ${BODY_BYTES}\r\nConnection: close\r\n\r\n`, (bytes) => { seen.written += bytes }),
  '/up': (socket, first, { seen, gate }) => {
    seen.received += first.length
    socket.pause()
    void gate.then(() => socket.resume())
    socket.on('data', (chunk: Buffer) => {
      seen.received += chunk.length
      if (seen.received === BODY_BYTES) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok')
    })
  },
  '/early': (socket) => { socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\nConnection: close\r\n\r\nearly') },
  '/event': (socket, _, { gate }) => {
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nfirst\r\n')
    void gate.then(() => socket.write('4\r\nlast\r\n0\r\n\r\n'))
  },
}

/** An origin on raw sockets. `/up` reads, and `/event` goes on, when the gate opens. */
async function origin() {
  const seen: Seen = { received: 0, written: 0 }
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.once('data', (bytes: Buffer) => {
      const path = /^\w+ (\S+)/.exec(bytes.toString('latin1'))?.[1] ?? ''
      PATHS[path]?.(socket, bytes.subarray(bytes.indexOf('\r\n\r\n') + 4), { seen, gate })
    })
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening on a port')
  return { seen, port: address.port, open, close: () => { server.close() } }
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

describe.each(['HTTP', 'HTTPS'])('over %s', (scheme) => {
  let program: Program
  let upstream: Awaited<ReturnType<typeof origin>>
  let restBytes: number
  beforeAll(async () => {
    upstream = await keep(origin())
    program = await keep(start({ flags: [CONFIGURED, '--default-ssl-certificate=default/pair'], manifests: [
      ...app('app', upstream), route({ to: 'app' }), configMap({ name: 'settings' }, { 'proxy-body-size': '0' }), tlsSecret({ name: 'pair' }, await certificate({ names: ['app.example'] })),
    ] }))
    restBytes = residentBytes(program)
  })

  async function client(): Promise<Socket> {
    const socket = scheme === 'HTTP' ? connect(program.http, '127.0.0.1') : connectTls({ port: program.https, host: '127.0.0.1', servername: 'app.example', rejectUnauthorized: false })
    await new Promise<void>((resolve, reject) => { socket.once(scheme === 'HTTP' ? 'connect' : 'secureConnect', resolve).once('error', reject) })
    return keep(socket)
  }
  const grownBytes = () => residentBytes(program) - restBytes

  test('an answer is passed on while it is made', async () => {
    const socket = await client()
    let text = ''
    socket.on('data', (bytes: Buffer) => { text += bytes.toString() })
    socket.write('GET /event HTTP/1.1\r\nHost: app.example\r\n\r\n')
    await until('the first event', () => text.endsWith('5\r\nfirst\r\n'))
    upstream.open()
    await until('the last event', () => text.endsWith('4\r\nlast\r\n0\r\n\r\n'))
  })

  test('an upload waits for the upstream to read, then arrives whole', async () => {
    const late = await keep(origin())
    await applied(program, () => program.write('late.yaml', toYaml([...app('late', late), route({ to: 'late', host: 'late.example' })])))
    const socket = await client()
    let taken = 0
    pour(socket, `PUT /up HTTP/1.1\r\nHost: late.example\r\nContent-Length: ${BODY_BYTES}\r\n\r\n`, (bytes) => { taken += bytes })
    expect(await stalled(() => taken)).toBeLessThan(HELD_BYTES)
    late.open()
    const answer = await new Promise<string>((resolve) => { socket.once('data', (bytes: Buffer) => resolve(bytes.toString())) })
    expect(answer).toEndWith('\r\n\r\nok')
    expect(late.seen.received).toBe(BODY_BYTES)
    expect(grownBytes()).toBeLessThan(GROWTH_BYTES)
  })

  test('a download waits for the client to read, then arrives whole', async () => {
    const socket = await client()
    socket.pause()
    socket.write('GET /down HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n\r\n')
    expect(await stalled(() => upstream.seen.written)).toBeLessThan(HELD_BYTES)
    expect(grownBytes()).toBeLessThan(GROWTH_BYTES)
    let octets = 0
    let head = ''
    socket.on('data', (chunk: Buffer) => {
      if (head === '') head = chunk.toString('latin1', 0, chunk.indexOf('\r\n\r\n') + 4)
      octets += chunk.length
    })
    socket.resume()
    await new Promise((resolve) => { socket.once('end', resolve) })
    expect(octets - head.length).toBe(BODY_BYTES)
    console.log(`${scheme}, 64 MiB each way: resident memory grew by ${(grownBytes() / 2 ** 20).toFixed(1)} MiB`)
    expect(grownBytes()).toBeLessThan(GROWTH_BYTES)
  })

  test('an upstream that answers and closes before it has read the body: the client gets that answer', async () => {
    const socket = await client()
    let text = ''
    socket.on('data', (bytes: Buffer) => { text += bytes.toString() })
    pour(socket, `PUT /early HTTP/1.1\r\nHost: app.example\r\nContent-Length: ${BODY_BYTES}\r\n\r\n`, () => undefined)
    await until('the answer', () => text.endsWith('early'))
    expect(text).toStartWith('HTTP/1.1 403 ')
  })
})
