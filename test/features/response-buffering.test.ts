// proxy-buffering through the program: a slow client does not keep its endpoint busy, as far as the bounds go; nothing is ever held back from a
// client that reads; and what is left unread leaves nothing behind.
import { beforeAll, describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { createServer as createHttp2Server } from 'node:http2'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { windowUpdate } from '../http/h2/wire.ts'
import { start, type Program } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'
import { changes, until } from '../support/until.ts'
import { h2Client, head } from './http2-client.ts'
import { residentBytes, stalled } from './observe.ts'
import { app, ask, configure, CONFIGURED, resources, route } from './scene.ts'
import { spills } from './spills.ts'

const PREFIX = 'nginx.ingress.kubernetes.io/'
const BODY = randomBytes(40 << 20)
/** What kernel buffers of two connections (a few MiB each on loopback) and the program hold of a body that nobody reads. */
const KERNEL_BYTES = 34 << 20
/** What the program may grow by while a body of 64 MiB goes into a file: garbage of reading sockets, as without one. */
const GROWTH_BYTES = 32 << 20
const PIECE_BYTES = 64 << 10
const FIRST_WINDOW_BYTES = 65_535
const TAIL_BYTES = 32
/** How BODY ends. */
const LAST = BODY.toString('latin1', BODY.length - TAIL_BYTES)

const keep = resources()

/** An answer as the origin gives it: so much of its body has gone. */
type Given = { readonly target: string; readonly socket: Socket; written: number; whole: boolean }

/**
 * An origin that sends BODY, in the form that the path says, as fast as it is taken. closing: each answer has a connection of its own, as the
 * kernel lets a connection that was fast before hold tens of MiB.
 */
async function origin({ closing = false } = {}) {
  const given: Given[] = []
  const { notify, when } = changes()
  const heads: Readonly<Record<string, string>> = {
    '/sized': `Content-Length: ${BODY.length}\r\n`, '/unbuffered': `X-Accel-Buffering: no\r\nContent-Length: ${BODY.length}\r\n`,
    '/until-close': 'Connection: close\r\n', '/events': 'Content-Type: text/event-stream\r\n', '/cut': `Content-Length: ${BODY.length + 1}\r\n`, '/chunked': 'Transfer-Encoding: chunked\r\n', '/huge': `Content-Length: ${64 << 20}\r\n`,
  }
  const give = (socket: Socket, target: string) => {
    const path = target.split('?')[0] ?? ''
    const answer: Given = { target, socket, written: 0, whole: false }
    given.push(answer)
    if (path === '/small') return void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nsmall')
    socket.write(`HTTP/1.1 200 OK\r\n${closing ? 'Connection: close\r\n' : ''}${heads[path]}\r\n`)
    if (path === '/events') return
    const length = path === '/huge' ? 64 << 20 : BODY.length
    const more = () => {
      while (answer.written < length) {
        const at = answer.written % BODY.length
        const piece = BODY.subarray(at, Math.min(BODY.length, at + PIECE_BYTES))
        answer.written += piece.length
        if (!socket.write(path === '/chunked' ? Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]) : piece)) return
      }
      if (answer.whole) return
      answer.whole = true
      socket.off('drain', more)
      if (path === '/chunked') socket.write('0\r\nX-Behind: 1\r\n\r\n')
      if (path === '/until-close') socket.end()
      if (path === '/cut') socket.end()
      notify()
    }
    socket.on('drain', more)
    more()
  }
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => { for (const [, target = ''] of bytes.toString('latin1').matchAll(/^GET (\S+) HTTP/gm)) give(socket, target) })
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  const answer = (target: string) => given.find((one) => one.target === target)
  return {
    port: portOf(server), given, answer,
    /** The whole answer has left the origin. */
    whole: async (target: string) => { expect(await when(() => answer(target)?.whole === true, 10_000)).toBe(true) },
    close: () => { for (const { socket } of given) socket.destroy(); server.close() },
  }
}

/** The same over HTTP/2 in clear, by path: so much of the body has gone. */
async function http2Origin() {
  const server = createHttp2Server()
  const written = new Map<string, number>()
  server.on('stream', (stream, { ':path': path = '', 'content-type': type }) => {
    stream.on('error', () => undefined)
    stream.respond({ ':status': 200, ...(type !== undefined && { 'content-type': type }) })
    let at = 0
    const more = () => {
      while (at < BODY.length) {
        const piece = BODY.subarray(at, at += PIECE_BYTES)
        written.set(path, at)
        if (!stream.write(piece)) return
      }
      stream.end()
    }
    stream.on('drain', more)
    more()
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  return { port: portOf(server), written: (path: string) => written.get(path) ?? 0, close: () => { server.close() } }
}

function portOf(server: { address(): ReturnType<Server['address']> }): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening on a port')
  return address.port
}

/** A client that asks and reads only when it is told to. */
async function lazyClient(port: number, text: string) {
  const socket = await new Promise<Socket>((resolve) => { const opened = connect({ port, host: '127.0.0.1' }, () => resolve(opened)) })
  const parts: Buffer[] = []
  let closed = false
  let octets = 0
  let tail = ''
  socket.pause()
  socket.on('data', (bytes: Buffer) => {
    parts.push(bytes)
    octets += bytes.length
    tail = (tail + bytes.toString('latin1', Math.max(0, bytes.length - TAIL_BYTES))).slice(-TAIL_BYTES)
  })
  socket.on('error', () => undefined).on('close', () => { closed = true })
  socket.write(text)
  const body = () => {
    const all = Buffer.concat(parts)
    return all.subarray(all.indexOf('\r\n\r\n') + 4)
  }
  return {
    socket, body, closed: () => closed, octets: () => octets, endsWith: (text: string) => tail.endsWith(text),
    destroy: () => { socket.destroy() },
  }
}

const annotated = (annotations: Readonly<Record<string, string>>) => Object.fromEntries(Object.entries(annotations).map(([name, value]) => [name.includes('/') ? name : PREFIX + name, value]))
let program: Program
let upstream: Awaited<ReturnType<typeof origin>>
let closing: Awaited<ReturnType<typeof origin>>
let http2: Awaited<ReturnType<typeof http2Origin>>
beforeAll(async () => {
  upstream = await keep(origin())
  closing = await keep(origin({ closing: true }))
  http2 = await keep(http2Origin())
  const one = (name: string, annotations: Readonly<Record<string, string>>, to = 'app') => route({ name, to, host: `${name}.example`, annotations: annotated(annotations) })
  const ON = { 'proxy-buffering': 'on' }
  program = await keep(start({ flags: [CONFIGURED], manifests: [
    ...app('app', upstream), ...app('closing', closing), ...app('http2', http2), one('ahead', ON), one('plain', {}, 'closing'), one('closing', ON, 'closing'),
    one('little', { ...ON, 'proxy-max-temp-file-size': '1m' }, 'closing'), one('memory', { ...ON, 'proxy-max-temp-file-size': '0' }, 'closing'), one('roomy', { ...ON, 'proxy-max-temp-file-size': '0', 'proxy-buffers-number': '64', 'proxy-buffer-size': '1m' }),
    one('http2', { ...ON, 'backend-protocol': 'GRPC' }, 'http2'), one('single', { ...ON, 'lintel.dev/max-connections': '1' }),
  ] }))
})
const get = (host: string, target: string) => `GET ${target} HTTP/1.1\r\nHost: ${host}.example\r\n\r\n`
const lazy = (host: string, target: string) => keep(lazyClient(program.http, get(host, target)))
const noSpills = () => until('no file is open', () => spills(program).length === 0)
const hash = (bytes: Buffer) => Bun.hash(bytes)
/** It reads to the end, and gets BODY. */
const readsAll = async (client: Awaited<ReturnType<typeof lazy>>) => {
  client.socket.resume()
  await until('all has come', () => client.octets() > BODY.length && client.endsWith(LAST), 15_000)
  expect(hash(client.body())).toBe(hash(BODY))
}

describe('a client that does not read', () => {
  test('frees its endpoint when the whole answer is in the file, and gets it later', async () => {
    const client = await lazy('ahead', '/sized?ahead')
    await upstream.whole('/sized?ahead')
    await until('the file has the rest', () => (spills(program)[0] ?? 0) > 1 << 20)
    let round = 0
    await until('its connection carries another request, or is closed', async () => {
      round++
      // Ever more at once: the connection that rests longest is taken last.
      const targets = Array.from({ length: round }, (_, i) => `/small?${round}-${i}`)
      const answers = await Promise.all(targets.map((target) => ask(program.http, { host: 'ahead.example', target })))
      expect(new Set(answers.map(({ body }) => body))).toEqual(new Set(['small']))
      const { socket } = upstream.answer('/sized?ahead')!
      return socket.destroyed || targets.some((target) => upstream.answer(target)?.socket === socket)
    })
    expect(client.octets()).toBe(0)
    await readsAll(client)
    await noSpills()
  })
  test('without buffering keeps it busy', async () => {
    const client = await lazy('plain', '/sized?plain')
    expect(await stalled(() => closing.answer('/sized?plain')?.written ?? 0)).toBeLessThan(KERNEL_BYTES)
    expect(spills(program)).toEqual([])
    await readsAll(client)
  })
  test('gives back its place among max-connections', async () => {
    const client = await lazy('single', '/sized?single')
    await upstream.whole('/sized?single')
    await until('the place is free', async () => (await ask(program.http, { host: 'single.example', target: '/small?single' })).status === 200)
    await readsAll(client)
  })
  test.each([['little', '1m'], ['memory', '0']])('%s: proxy-max-temp-file-size %s is a bound, then the endpoint waits', async (host, size) => {
    const client = await lazy(host, `/sized?${host}`)
    expect(await stalled(() => closing.answer(`/sized?${host}`)?.written ?? 0)).toBeLessThan(KERNEL_BYTES)
    const files = spills(program)
    expect(files.every((octets) => octets <= 2 << 20)).toBe(true)
    expect(files.length).toBe(size === '0' ? 0 : 1)
    await readsAll(client)
    await noSpills()
  })
  test('proxy-buffers-number times proxy-buffer-size stay in memory', async () => {
    const client = await lazy('roomy', '/sized?roomy')
    await upstream.whole('/sized?roomy')
    expect(spills(program)).toEqual([])
    await readsAll(client)
  })
  test('X-Accel-Buffering: no', async () => {
    const client = await lazy('closing', '/unbuffered')
    expect(await stalled(() => closing.answer('/unbuffered')?.written ?? 0)).toBeLessThan(KERNEL_BYTES)
    expect(spills(program)).toEqual([])
    await readsAll(client)
  })
  test('over HTTP/2', async () => {
    const client = await keep(h2Client(program.http))
    const stream = client.open(head('/sized?h2', { ':authority': 'ahead.example' }), { reading: false })
    await upstream.whole('/sized?h2')
    expect(stream.octets).toBe(FIRST_WINDOW_BYTES)
    stream.reading = true
    client.send(windowUpdate(stream.id, FIRST_WINDOW_BYTES))
    await client.done(stream, 15_000)
    expect(hash(Buffer.concat(stream.body))).toBe(hash(BODY))
    await noSpills()
  })
  test('of an HTTP/2 endpoint; but no gRPC call', async () => {
    const client = await lazy('http2', '/any')
    await until('the whole answer has left the endpoint', () => http2.written('/any') === BODY.length, 10_000)
    client.socket.resume()
    await until('all has come', () => client.octets() > BODY.length && client.endsWith('\r\n0\r\n\r\n'))
    const call = await keep(lazyClient(program.http, 'GET /call HTTP/1.1\r\nHost: http2.example\r\nContent-Type: application/grpc\r\n\r\n'))
    expect(await stalled(() => http2.written('/call'))).toBeLessThan(KERNEL_BYTES)
    await noSpills()
    call.destroy()
  })
})

describe('what comes through is the answer', () => {
  test('in chunks, with its trailers, when its connection has gone on', async () => {
    const client = await lazy('ahead', '/chunked')
    await upstream.whole('/chunked')
    expect((await ask(program.http, { host: 'ahead.example', target: '/small?behind' })).body).toBe('small')
    client.socket.resume()
    await until('its end has come', () => client.endsWith('0\r\nX-Behind: 1\r\n\r\n'), 15_000)
    expect(client.octets()).toBeGreaterThan(BODY.length)
  })
  test('until the end of the connection', async () => {
    const client = await lazy('ahead', '/until-close')
    await upstream.whole('/until-close')
    client.socket.resume()
    await until('its end has come', () => client.endsWith('\r\n0\r\n\r\n'), 15_000)
  })
  test('however the client reads', async () => {
    const client = await lazy('ahead', '/sized?bursts')
    for (let burst = 1; burst <= 6; burst++) {
      client.socket.resume()
      await until('it has read some', () => client.octets() >= burst << 20)
      client.socket.pause()
      if (burst === 3) await upstream.whole('/sized?bursts')
    }
    await readsAll(client)
    await noSpills()
  })
  test('and the next one on the connection', async () => {
    const client = await keep(lazyClient(program.http, get('ahead', '/sized?piped') + get('ahead', '/small?piped')))
    await upstream.whole('/sized?piped')
    expect(upstream.answer('/small?piped')).toBeUndefined()
    client.socket.resume()
    await until('both have come', () => client.endsWith('small'), 15_000)
    expect(hash(client.body().subarray(0, BODY.length))).toBe(hash(BODY))
  })
})

test.each(['ahead', 'plain'])('an unreadable request right behind one costs the connection, and nobody else (%s)', async (host) => {
  const client = await keep(rawClient(program.http))
  client.send(`${get(host, `/small?odd-${host}`)}GET / HTTP/9.9\r\n\r\n`, ['GET', 'GET'])
  expect((await client.response())?.body).toBe('small')
  expect((await client.response())?.status).toBeGreaterThanOrEqual(400)
  expect((await ask(program.http, { host: 'ahead.example', target: '/small?goes-on' })).body).toBe('small')
  expect(program.stderr.filter((line) => line.includes('died'))).toEqual([])
})

test('nothing is held back from a client that reads: each event comes when it is sent', async () => {
  const client = await keep(rawClient(program.http))
  client.send(get('ahead', '/events'))
  await until('it was asked', () => upstream.answer('/events') !== undefined)
  const { socket } = upstream.answer('/events')!
  for (let i = 0; i < 20; i++) {
    socket.write(`data: ${i}\n\n`)
    expect(await client.when(() => client.rest().includes(`data: ${i}\n\n`))).toBe(true)
  }
  socket.end()
  expect((await client.response())?.complete).toBe(true)
  expect(spills(program)).toEqual([])
})

describe('nothing is left behind', () => {
  test('of a client that leaves, whether the answer is whole or not', async () => {
    const whole = await lazy('ahead', '/sized?leaves')
    const part = await lazy('little', '/sized?leaves-early')
    await upstream.whole('/sized?leaves')
    await until('both files are there', () => spills(program).length === 2)
    whole.destroy()
    part.destroy()
    await noSpills()
    await until('the endpoint knows', () => closing.answer('/sized?leaves-early')?.socket.destroyed)
  })
  test('of an answer that its endpoint cuts: the client sees that', async () => {
    const client = await lazy('ahead', '/cut')
    await noSpills()
    client.socket.resume()
    await until('it was cut', client.closed)
    expect(client.body().length).toBeLessThanOrEqual(BODY.length)
  })
})

test('a disk that takes nothing any more costs the answers to slow clients, with a reason, and no others', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lintel-gone-'))
  const diskless = await keep(start({ env: { TMPDIR: folder }, manifests: [...app('app', upstream), route({ to: 'app', host: 'ahead.example', annotations: annotated({ 'proxy-buffering': 'on' }) })] }))
  rmSync(folder, { recursive: true })
  const client = await keep(lazyClient(diskless.http, get('ahead', '/sized?diskless')))
  const spoilt = () => diskless.stderr.concat(diskless.stdout).some((line) => line.includes('/sized?diskless'))
  expect(await diskless.when(spoilt)).toBe(true)
  const text = await (await fetch(`http://127.0.0.1:${diskless.admin}/metrics`)).text()
  expect(text).toContain('lintel_own_answers_total{reason="buffer_failed"} 1')
  client.socket.resume()
  await until('it was cut', client.closed)
  expect((await ask(diskless.http, { host: 'ahead.example', target: '/small?diskless' })).body).toBe('small')
})

test('the ConfigMap sets it for all', async () => {
  await configure(program, { 'proxy-buffering': 'on', 'proxy-max-temp-file-size': '1g' })
  const client = await lazy('plain', '/sized?configured')
  await closing.whole('/sized?configured')
  await readsAll(client)
  await configure(program, {})
})

test('64 MiB cost the program little memory', async () => {
  const download = async (target: string) => {
    const client = await lazy('ahead', target)
    await upstream.whole(target)
    const ahead = residentBytes(program)
    client.destroy()
    await noSpills()
    return ahead
  }
  const before = await download('/huge?1')
  const after = await download('/huge?2')
  console.log(`64 MiB ahead in a file: resident memory grew by ${((after - before) / 2 ** 20).toFixed(1)} MiB`)
  expect(after - before).toBeLessThan(GROWTH_BYTES)
}, 60_000)
