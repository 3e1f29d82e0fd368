// Bodies on HTTP/2 streams: whole, at the speed of the slower side, none of them in the way of another; and what happens when one side
// stops in the middle.
import { beforeAll, describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { createServer, type Socket } from 'node:net'
import { windowUpdate } from '../http/h2/wire.ts'
import { configMap } from '../support/manifests.ts'
import { start, type Program } from '../support/program.ts'
import { changes } from '../support/until.ts'
import { h2Client, head, statusOf, textOf, type H2Client } from './http2-client.ts'
import { pair, TRANSPORTS, WITH_PAIR, type Transport } from './http2-session.ts'
import { residentBytes, stalled } from './observe.ts'
import { app, CONFIGURED, metric, resources, route } from './scene.ts'

const BODY_BYTES = 96 << 20
/** What kernel buffers of two connections (a few MiB each on loopback) and the program may hold of a body that nobody reads. */
const HELD_BYTES = 24 << 20
/** What the program may grow by while a body streams: garbage of 20 to 40 MiB, whatever the size of the body. */
const GROWTH_BYTES = 64 << 20
const INITIAL_WINDOW_BYTES = 65_535
/** What the program reads and throws away of a body that nobody wants. */
const LINGER_BYTES = 2 << 20
const PIECE = Buffer.alloc(64 << 10, 'lintel')

const keep = resources()

/** A connection from the proxy, with the head of its request, and the octets of the body so far. */
type Taken = { readonly socket: Socket; readonly head: string; received: number; written: number; closed: boolean }
/** What the origin does with a request, by its path, as soon as the head is there. */
const PATHS: Readonly<Record<string, (taken: Taken) => void>> = {
  '/down': (taken) => {
    taken.socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${BODY_BYTES}\r\nConnection: close\r\n\r\n`)
    const more = () => {
      while (taken.written < BODY_BYTES) {
        taken.written += PIECE.length
        if (!taken.socket.write(PIECE)) return
      }
    }
    taken.socket.on('drain', more)
    more()
  },
  '/mirror': ({ socket, head }) => {
    const [, length = ''] = /content-length: (\d+)/i.exec(head) ?? []
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n`)
    socket.on('data', (bytes: Buffer) => { if (!socket.write(bytes)) socket.pause() })
    socket.on('drain', () => socket.resume())
  },
  '/up': (taken) => {
    taken.socket.on('data', () => { if (taken.received >= BODY_BYTES) taken.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok') })
  },
  '/unread': ({ socket }) => { socket.pause() },
  '/early': ({ socket }) => { socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\nConnection: close\r\n\r\nearly') },
  '/early-unclosed': ({ socket }) => { socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nearly') },
  '/small': ({ socket }) => { socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nsmall') },
  '/first': ({ socket }) => { socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nfirst\r\n') },
  '/half': ({ socket }) => { socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nfirst') },
  '/silent': () => undefined,
}

/** An origin on raw sockets, one request for each connection that matters. */
async function origin() {
  const { notify, when } = changes()
  const all: Taken[] = []
  const server = createServer((socket) => {
    socket.setMaxListeners(0) // a kept-alive connection gets some with each request
    socket.on('error', () => socket.destroy())
    const next = () => socket.once('data', (bytes: Buffer) => {
      const end = bytes.indexOf('\r\n\r\n') + 4
      const taken: Taken = { socket, head: bytes.toString('latin1', 0, end), received: 0, written: 0, closed: false }
      all.push(taken)
      const count = (body: Buffer) => { taken.received += body.length; notify() }
      socket.on('close', () => { taken.closed = true; notify() })
      const path = /^\w+ ([^ ?]+)/.exec(taken.head)?.[1] ?? ''
      if (path === '/small') next()
      else socket.on('data', count)
      PATHS[path]?.(taken)
      if (end < bytes.length) socket.emit('data', bytes.subarray(end))
      notify()
    })
    next()
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening on a port')
  /** The request for a target, when it is there. */
  const request = async (target: string): Promise<Taken> => {
    const found = () => all.find((taken) => taken.head.includes(` ${target} `))
    await when(() => found() !== undefined)
    return found() ?? Promise.reject(new Error(`${target} did not come`))
  }
  return { port: address.port, when, request, all, close: () => { for (const { socket } of all) socket.destroy(); server.close() } }
}

let upstream: Awaited<ReturnType<typeof origin>>
let program: Program
beforeAll(async () => {
  upstream = await keep(origin())
  program = await keep(start({ flags: [CONFIGURED, WITH_PAIR], manifests: [
    ...app('app', upstream), route({ to: 'app' }), await pair(), configMap({ name: 'settings' }, { 'proxy-body-size': '0' }),
    route({ name: 'limited', to: 'app', host: 'limited.example', annotations: { 'nginx.ingress.kubernetes.io/proxy-body-size': '1k' } }),
  ] }))
})
const connected = (transport: Transport): Promise<H2Client> =>
  keep(transport === 'TLS' ? h2Client(program.https, { tls: { servername: 'app.example' } }) : h2Client(program.http))
const post = (path: string, length?: number, over: Readonly<Record<string, string>> = {}) =>
  head(path, { ':method': 'POST', ...over }, length === undefined ? [] : [['content-length', String(length)]])
const logged = async (mark: string) => { expect(await program.when(() => program.stdout.some((line) => line.includes(mark)))).toBe(true) }

describe.each(TRANSPORTS)('over %s', (transport) => {
  let client: H2Client
  let count = 0
  beforeAll(async () => { client = await connected(transport) })
  /** A target of its own for each request, by which the origin's side of it is found. */
  const unique = (path: string) => `${path}?${transport}-${count++}`
  /** The connection goes on as if nothing had been. */
  const goesOn = async () => { expect(textOf(await client.ask(head('/small')))).toBe('small') }

  test('an upload waits for the upstream to read, then arrives whole', async () => {
    const restBytes = residentBytes(program)
    const target = unique('/up')
    const stream = client.open(post(target, BODY_BYTES), { end: false })
    const taken = await upstream.request(target)
    taken.socket.pause()
    client.upload(stream, Buffer.alloc(BODY_BYTES, 'x'))
    expect(BODY_BYTES - await stalled(() => client.waiting)).toBeLessThan(HELD_BYTES)
    await goesOn()
    taken.socket.resume()
    expect(textOf(await client.done(stream))).toBe('ok')
    expect(taken.received).toBe(BODY_BYTES)
    expect(residentBytes(program) - restBytes).toBeLessThan(GROWTH_BYTES)
  })

  test('a download waits for the client to open its window, then arrives whole', async () => {
    const restBytes = residentBytes(program)
    const target = unique('/down')
    const stream = client.open(head(target), { reading: false })
    const taken = await upstream.request(target)
    expect(await stalled(() => taken.written)).toBeLessThan(HELD_BYTES)
    expect(stream.octets).toBe(INITIAL_WINDOW_BYTES)
    await goesOn()
    stream.reading = true
    client.send(windowUpdate(stream.id, INITIAL_WINDOW_BYTES))
    await client.done(stream, 10_000)
    expect([stream.octets, stream.ended]).toEqual([BODY_BYTES, true])
    expect(Buffer.concat(stream.body).equals(Buffer.concat(Array.from({ length: BODY_BYTES / PIECE.length }, () => PIECE)))).toBe(true)
    expect(residentBytes(program) - restBytes).toBeLessThan(GROWTH_BYTES)
  })

  test('eight streams, two MiB up and down each at once, octet for octet', async () => {
    const bodies = Array.from({ length: 8 }, () => randomBytes(2 << 20))
    const streams = bodies.map((body) => client.open(post('/mirror', body.length), { end: false }))
    for (const [n, stream] of streams.entries()) client.upload(stream, bodies[n] ?? '')
    for (const stream of streams) await client.done(stream, 15_000)
    expect(streams.map(({ body }, n) => bodies[n]?.equals(Buffer.concat(body)))).toEqual(bodies.map(() => true))
  }, 20_000)

  test('three uploads that nobody reads and ten downloads that wait do not stop the others', async () => {
    const uploads = Array.from({ length: 3 }, () => client.open(post('/unread', BODY_BYTES), { end: false }))
    for (const stream of uploads) client.upload(stream, Buffer.alloc(BODY_BYTES))
    const downloads = Array.from({ length: 10 }, () => client.open(head('/down'), { reading: false }))
    expect(await client.when(() => downloads.every(({ octets }) => octets === INITIAL_WINDOW_BYTES))).toBe(true)
    await stalled(() => client.waiting)
    for (let n = 0; n < 50; n++) await goesOn()
    for (const stream of [...uploads, ...downloads]) client.cancel(stream)
    await goesOn()
  })

  test('an answer is passed on while it is made', async () => {
    const target = unique('/first')
    const stream = client.open(head(target))
    expect(await client.when(() => textOf(stream) === 'first')).toBe(true)
    expect(stream.ended).toBe(false)
    const { socket } = await upstream.request(target)
    socket.write('4\r\nlast\r\n0\r\n\r\n')
    expect(textOf(await client.done(stream))).toBe('firstlast')
  })

  test.each(['/early', '/early-unclosed'])('an upstream that answers before it has read the body (%s): the client gets that answer', async (path) => {
    const stream = client.open(post(path, BODY_BYTES), { end: false })
    client.upload(stream, Buffer.alloc(BODY_BYTES))
    expect(await client.when(() => stream.ended)).toBe(true)
    expect([statusOf(stream), textOf(stream)]).toEqual([403, 'early'])
    expect(BODY_BYTES - client.waiting).toBeLessThan(LINGER_BYTES)
    client.cancel(stream)
    await goesOn()
  })

  describe('a body that is too large: 413, and the connection goes on', () => {
    test.each([['declared', 3000], ['found out while it comes', undefined]])('%s', async (_, length) => {
      const stream = client.open(post('/up', length, { ':authority': 'limited.example' }), { end: false })
      client.upload(stream, 'x'.repeat(2000), false)
      expect(await client.when(() => stream.ended)).toBe(true)
      expect(statusOf(stream)).toBe(413)
      client.upload(stream, 'x'.repeat(1000))
      await goesOn()
      expect(stream.reset).toBe(-1)
    })
  })

  test.each([['/half', 'a length'], ['/first', 'chunks']])('an upstream that is cut in the middle of %s (%s): RST_STREAM, never an end', async (path) => {
    const target = unique(path)
    const stream = client.open(head(target))
    expect(await client.when(() => textOf(stream) === 'first')).toBe(true)
    const { socket } = await upstream.request(target)
    socket.resetAndDestroy()
    await client.done(stream)
    expect([stream.ended, stream.reset]).toEqual([false, 2])
    await goesOn()
  })

  test('an upstream that closes in the middle of a length: the same', async () => {
    const target = unique('/half')
    const stream = client.open(head(target))
    expect(await client.when(() => textOf(stream) === 'first')).toBe(true)
    const { socket } = await upstream.request(target)
    socket.end()
    await client.done(stream)
    expect([stream.ended, stream.reset]).toEqual([false, 2])
  })

  describe('a client that gives a request up: its upstream connection is closed', () => {
    test.each([['before the answer', '/silent', 499], ['in the middle of it', '/first', 200]])('%s, which is logged with its status', async (_, path, status) => {
      const target = unique(path)
      const stream = client.open(head(target))
      const taken = await upstream.request(target)
      if (path === '/first') expect(await client.when(() => textOf(stream) === 'first')).toBe(true)
      client.cancel(stream)
      expect(await upstream.when(() => taken.closed)).toBe(true)
      await logged(`"GET ${target} HTTP/2.0" ${status} `)
      await goesOn()
    })

    test('in the middle of its body', async () => {
      const target = unique('/up')
      const stream = client.open(post(target, BODY_BYTES), { end: false })
      client.upload(stream, 'half', false)
      const taken = await upstream.request(target)
      expect(await upstream.when(() => taken.received === 4)).toBe(true)
      client.cancel(stream)
      expect(await upstream.when(() => taken.closed)).toBe(true)
      expect(taken.received).toBe(4)
      await goesOn()
    })

    test('by leaving altogether: all of them, 499 each', async () => {
      const leaver = await connected(transport)
      const mark = `mark-${transport}-left`
      for (let n = 0; n < 5; n++) leaver.open(head('/silent', {}, [['user-agent', mark]]))
      const mine = () => upstream.all.filter(({ head: text }) => text.includes(mark))
      expect(await upstream.when(() => mine().length === 5)).toBe(true)
      leaver.destroy()
      expect(await upstream.when(() => mine().every(({ closed }) => closed))).toBe(true)
      expect(await program.when(() => program.stdout.filter((line) => line.includes('" 499 ') && line.includes(mark)).length === 5)).toBe(true)
    })
  })
})

test('nothing failed inside the program', async () => {
  expect(await metric(program, 'lintel_thread_restarts_total')).toBe(0)
  expect(program.stderr.filter((line) => /error|throw/i.test(line))).toEqual([])
})
