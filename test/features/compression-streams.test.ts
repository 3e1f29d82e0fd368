// Compressed answers on their way: what an endpoint sends comes at once, the slower side sets the pace, and nothing is left of those that end early.
import { beforeAll, describe, expect, test } from 'bun:test'
import { connect, type Socket } from 'node:net'
import { COMPRESSED_AT_ONCE } from '../../src/settings.ts'
import { censusTaker } from '../support/faults/census.ts'
import { json } from '../support/json.ts'
import { start, type Program } from '../support/program.ts'
import { rawClient, type RawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { decode, decodeCut, latin1, scriptedOrigin } from './compression-origin.ts'
import { h2Client, head } from './http2-client.ts'
import { residentBytes, stalled } from './observe.ts'
import { app, configure, CONFIGURED, resources, route } from './scene.ts'

const keep = resources()
const { command, env, census } = censusTaker()
const CHUNKED = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n'
const CODINGS = ['gzip', 'br', 'zstd']
const LARGE = json(24 << 20)
/** Does not compress: what the client has taken tells how much the endpoint has sent. */
const NOISE = Buffer.from(Array.from({ length: 1 << 20 }, () => Math.floor(Math.random() * 256)))
/** What kernel buffers of two connections (a few MiB each on loopback) and the program may hold of an answer that nobody reads. */
const HELD_BYTES = 24 << 20
/** What the program may grow by meanwhile: reads are up to half a mebibyte, and garbage until it is collected. */
const GROWTH_BYTES = 32 << 20
const PIECE_BYTES = 64 << 10

const written = new Map<string, number>()
/** Writes `body` as fast as it is taken, then the end. */
const pour = (socket: Socket, target: string, body: Buffer) => {
  let at = 0
  socket.write(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`)
  const more = () => {
    while (at < body.length) {
      const piece = body.subarray(at, at += PIECE_BYTES)
      written.set(target, Math.min(at, body.length))
      if (!socket.write(piece)) return
    }
    socket.off('drain', more)
  }
  socket.on('drain', more)
  more()
}

let program: Program
let origin: Awaited<ReturnType<typeof scriptedOrigin>>
beforeAll(async () => {
  const noise = Buffer.concat(Array.from({ length: 64 }, () => NOISE))
  origin = await keep(scriptedOrigin(({ target, socket }) => {
    if (target.startsWith('/large')) pour(socket, target, LARGE)
    if (target.startsWith('/noise')) pour(socket, target, noise)
    if (target.startsWith('/small')) socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nsmall')
  }))
  program = await keep(start({ command, env, flags: [CONFIGURED], manifests: [
    ...app('app', origin), route({ to: 'app' }), route({ name: 'ahead', to: 'app', host: 'ahead.example', annotations: { 'nginx.ingress.kubernetes.io/proxy-buffering': 'on' } }),
    route({ name: 'limited', to: 'app', host: 'limited.example', annotations: { 'lintel.dev/request-timeout': '500ms' } }),
  ] }))
  await configure(program, { 'use-gzip': 'true', 'enable-brotli': 'true', 'enable-zstd': 'true', 'gzip-types': 'application/json text/event-stream' })
})
const request = (target: string, coding: string, host = 'app.example') => `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nAccept-Encoding: ${coding}\r\n\r\n`
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`
/** The octets of the chunks that have come: enough of RFC 9112 §7.1 for whole ones. */
const unchunked = (bytes: Buffer): Buffer => {
  const parts: Buffer[] = []
  for (let at = bytes.indexOf('\r\n\r\n') + 4; ;) {
    const end = bytes.indexOf('\r\n', at)
    const size = Number.parseInt(bytes.toString('latin1', at, end), 16)
    if (end < 0 || !(size > 0) || bytes.length < end + 4 + size) return Buffer.concat(parts)
    parts.push(bytes.subarray(end + 2, end + 2 + size))
    at = end + 4 + size
  }
}
/** Compressors in the program's memory: those at work, and a few that its collector takes something on the stack for. */
const open = async () => (await census(program)).Compressor ?? 0
const LEFT = 3
const allClosed = () => until('no compressor is left', async () => await open() <= LEFT)
const unread = async (text: string) => {
  const socket = await new Promise<Socket>((resolve) => { const opened = connect({ port: program.http, host: '127.0.0.1' }, () => resolve(opened)) })
  const parts: Buffer[] = []
  let octets = 0
  let tail = ''
  socket.pause()
  socket.on('error', () => undefined).on('data', (bytes: Buffer) => { parts.push(bytes); octets += bytes.length; tail = (tail + bytes.toString('latin1', Math.max(0, bytes.length - 16))).slice(-16) })
  socket.write(text)
  return { socket, octets: () => octets, bytes: () => Buffer.concat(parts), ended: () => tail.endsWith('0\r\n\r\n'), destroy: () => { socket.destroy() } }
}

describe.each(CODINGS)('%s', (coding) => {
  test('what an endpoint sent can be read while it waits', async () => {
    const client = await keep(rawClient(program.http))
    client.send(request(`/waits?${coding}`, coding))
    const { socket } = await origin.asked(`/waits?${coding}`)
    socket.write(CHUNKED)
    expect(await client.when(() => client.rest().includes('\r\n\r\n'))).toBe(true) // the head does not wait for the body
    let sent = ''
    for (const text of ['{"first":1}', '{"second":2}', 'x'.repeat(10_000)]) {
      socket.write(chunk(text))
      sent += text
      expect(await client.when(() => decodeCut[coding]!(unchunked(client.rest())).toString() === sent)).toBe(true)
    }
    socket.write('0\r\nX-Checksum: 7\r\n\r\n')
    const answer = await client.response()
    expect(decode[coding]!(latin1(answer?.body ?? '')).toString()).toBe(sent)
    expect(client.responses.length).toBe(1)
  })
  test('an answer of 24 MiB is what it was, and its connection goes on', async () => {
    const client = await unread(request(`/large?${coding}`, coding) + request(`/small?${coding}`, coding))
    client.socket.resume()
    await until('both have come', () => client.bytes().subarray(-5).toString() === 'small', 20_000)
    const bytes = client.bytes()
    expect(Bun.hash(decode[coding]!(unchunked(bytes)))).toBe(Bun.hash(LARGE))
    client.destroy()
  })
})

test('trailers are kept, in either protocol', async () => {
  const client = await keep(rawClient(program.http))
  client.send(request('/trailed', 'gzip'))
  const { socket } = await origin.asked('/trailed')
  socket.write(`${CHUNKED}${chunk('{}')}0\r\nX-Checksum: 7\r\n\r\n`)
  expect(await client.when(() => client.responses.length === 1 || client.rest().includes('\r\n0\r\nX-Checksum: 7\r\n\r\n'))).toBe(true)
  const h2 = await keep(h2Client(program.http))
  const stream = h2.open(head('/trailed-h2', {}, [['accept-encoding', 'gzip']]))
  const second = await origin.asked('/trailed-h2')
  second.socket.write(`${CHUNKED}${chunk('{}')}`)
  await h2.when(() => stream.octets > 0)
  second.socket.write('0\r\nX-Checksum: 7\r\n\r\n')
  await h2.done(stream)
  expect(stream.trailers).toEqual([['x-checksum', '7']])
  expect(decode.gzip!(Buffer.concat(stream.body)).toString()).toBe('{}')
})

test('events come when they are sent, where their type is among gzip-types', async () => {
  const client = await keep(rawClient(program.http))
  client.send(request('/events', 'gzip'))
  const { socket } = await origin.asked('/events')
  socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n')
  for (let i = 0, sent = ''; i < 20; i++) {
    const event = `data: ${i}\n\n`
    sent += event
    socket.write(event)
    expect(await client.when(() => client.rest().includes('\r\n\r\n') && decodeCut.gzip!(unchunked(client.rest())).toString() === sent)).toBe(true)
  }
  socket.end()
  expect((await client.response())?.complete).toBe(true)
})

describe('a client that does not read', () => {
  test.each(['app', 'ahead'])('stops its endpoint, and gets the rest when it reads (%s)', async (host) => {
    const before = residentBytes(program)
    const client = await unread(request(`/noise?${host}`, 'gzip', `${host}.example`))
    const sent = await stalled(() => written.get(`/noise?${host}`) ?? 0)
    if (host === 'app') expect(sent).toBeLessThan(HELD_BYTES)
    expect(residentBytes(program) - before).toBeLessThan(GROWTH_BYTES)
    client.socket.resume()
    await until('all has come', () => client.ended(), 20_000)
    expect(decode.gzip!(unchunked(client.bytes())).length).toBe(64 << 20)
    client.destroy()
    await allClosed()
  }, 40_000)
  test('and leaves: its endpoint is let go, and nothing is left', async () => {
    const client = await unread(request('/noise?leaves', 'gzip'))
    await stalled(() => written.get('/noise?leaves') ?? 0)
    expect(await open()).toBeGreaterThan(0)
    client.destroy()
    const { socket } = await origin.asked('/noise?leaves')
    await until('the endpoint knows', () => socket.destroyed)
    await allClosed()
  })
})

describe('an answer that does not end', () => {
  test('as its endpoint breaks off: the client sees that, in either protocol', async () => {
    const client = await keep(rawClient(program.http))
    client.send(request('/cut', 'gzip'))
    const first = await origin.asked('/cut')
    first.socket.write(`${CHUNKED}${chunk('{}')}`)
    expect(await client.when(() => unchunked(client.rest()).length > 0)).toBe(true)
    first.socket.destroy()
    expect(await client.closed()).toBe(true)
    expect(client.responses.every(({ complete }) => !complete)).toBe(true)
    const h2 = await keep(h2Client(program.http))
    const stream = h2.open(head('/cut-h2', {}, [['accept-encoding', 'br']]))
    const second = await origin.asked('/cut-h2')
    second.socket.write(`${CHUNKED}${chunk('{}')}`)
    await h2.when(() => stream.octets > 0)
    second.socket.destroy()
    await h2.done(stream)
    expect([stream.ended, stream.reset]).toEqual([false, 2])
    await allClosed()
  })
  test('as its time is over', async () => {
    const client = await keep(rawClient(program.http))
    client.send(request('/late', 'zstd', 'limited.example'))
    const { socket } = await origin.asked('/late')
    socket.write(`${CHUNKED}${chunk('{}')}`)
    expect(await client.closed()).toBe(true)
    expect(client.responses.every(({ complete }) => !complete)).toBe(true)
    await allClosed()
  })
})

test(`of more than ${COMPRESSED_AT_ONCE} at once the others go as they are; when those have ended, as many are compressed again`, async () => {
  for (const round of ['first', 'second']) {
    const clients: (RawClient & { readonly socket: Socket })[] = []
    for (let i = 0; i <= COMPRESSED_AT_ONCE; i++) {
      const client = await rawClient(program.http)
      clients.push(client)
      client.send(request(`/many?${round}${i}`, 'gzip'))
      const { socket } = await origin.asked(`/many?${round}${i}`)
      socket.write(`${CHUNKED}${chunk('{"a":1}')}`)
      await client.when(() => client.rest().includes('\r\n\r\n'))
    }
    const compressed = clients.map((client) => client.rest().includes('Content-Encoding: gzip'))
    expect(compressed).toEqual([...Array.from({ length: COMPRESSED_AT_ONCE }, () => true), false])
    const last = clients.at(-1)!
    expect(last.rest().includes('Vary: Accept-Encoding')).toBe(true)
    expect(await last.when(() => unchunked(last.rest()).toString() === '{"a":1}')).toBe(true)
    for (const { socket } of clients) socket.resetAndDestroy() // a FIN alone may be of one that still reads
    await until('the endpoint knows of all', () => origin.waiting.every(({ target, socket }) => !target.startsWith(`/many?${round}`) || socket.destroyed))
  }
  await allClosed()
})

test('the access log counts what the client got and what the endpoint sent', async () => {
  const body = 'x'.repeat(5000)
  const client = await keep(rawClient(program.http))
  client.send(request('/logged', 'gzip'))
  const { socket } = await origin.asked('/logged')
  socket.write(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n${body}`)
  const answer = await client.response()
  const line = await until('it is logged', () => program.stdout.find((text) => text.includes('GET /logged ')))
  expect(line).toContain(`" 200 ${answer?.body.length} "`)
  expect(line).toContain(' 5000 ')
})
