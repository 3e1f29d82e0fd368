// Server-sent events: each one leaves when it comes, a stream lasts as long as it moves, and one that stalls is cut with its reason.
import { beforeAll, expect, test } from 'bun:test'
import { createServer, type Socket } from 'node:net'
import { configMap } from '../support/manifests.ts'
import { start, type Program } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'
import { h2Client, head, statusOf } from './http2-client.ts'
import { pair, WITH_PAIR } from './http2-session.ts'
import { app, CONFIGURED, metric, requestText, resources, route } from './scene.ts'
import { HOST, WAYS, type Way } from './tunnels.ts'

const READ_TIMEOUT_MS = 2_000
/** Well within the timeout each, far beyond it together. */
const EVENT_MS = 300
const EVENTS = 10
/** The promise for each event, from the origin's write to the client's read; and what a busy machine may add to the worst of them. */
const PROMPT_MS = 50
const WORST_MS = 500
const SETTLED_MS = 20_000

const keep = resources()
let program: Program
/** When event n of stream `id` was written (performance.now()). */
const written = new Map<string, number>()

/** Bodies by how their end is told. */
const FRAMINGS: Readonly<Record<string, { readonly head: string; put(text: string): string; readonly end: string }>> = {
  chunked: { head: 'Transfer-Encoding: chunked\r\n', put: (text) => `${text.length.toString(16)}\r\n${text}\r\n`, end: '0\r\n\r\n' },
  close: { head: 'Connection: close\r\n', put: (text) => text, end: '' },
}

/** `/chunked/7` is a stream of events named 7.0, 7.1 …, which ends; `/chunked/7/stall` stays open behind the last of them. */
function serve(socket: Socket, path: string): void {
  const [, kind = '', id = '', after] = path.split('/')
  const framing = FRAMINGS[kind]
  if (framing === undefined) return void socket.destroy()
  socket.write(`HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n${framing.head}\r\n`)
  let n = 0
  const last = after === 'stall' ? 1 : EVENTS
  const next = () => {
    if (n === last) {
      clearInterval(timer)
      return after === 'stall' ? undefined : void socket.end(framing.end)
    }
    const name = `${id}.${n++}`
    written.set(name, performance.now())
    socket.write(framing.put(`data: ${name}\n\n`))
  }
  const timer = setInterval(next, EVENT_MS)
  socket.on('close', () => { clearInterval(timer) })
  next()
}

beforeAll(async () => {
  const origin = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.on('data', (bytes: Buffer) => serve(socket, /^\w+ (\S+)/.exec(bytes.toString('latin1'))?.[1] ?? ''))
  })
  await new Promise<void>((resolve) => { origin.listen(0, '127.0.0.1', resolve) })
  await keep(origin)
  const address = origin.address()
  program = await keep(start({ flags: [CONFIGURED, WITH_PAIR], manifests: [
    ...app('app', { port: typeof address === 'object' && address !== null ? address.port : 0 }), route({ to: 'app' }), await pair(),
    configMap({ name: 'settings' }, { 'proxy-read-timeout': `${READ_TIMEOUT_MS}ms` }),
  ] }))
})

type Listening = {
  readonly status: number
  /** ms from write to read, of each event. */
  readonly delays: readonly number[]
  /** The end came as one; else it was cut. */
  readonly whole: boolean
}
const TLS = { tls: { servername: HOST } }

/** Reads the stream to its end. */
async function listen(way: Way, path: string): Promise<Listening> {
  const delays: number[] = []
  let text = ''
  const read = (bytes: Buffer) => {
    const now = performance.now()
    text += bytes.toString('latin1')
    for (let found = /data: (\S+)\n\n/.exec(text); found !== null; found = /data: (\S+)\n\n/.exec(text)) {
      delays.push(now - (written.get(found[1] ?? '') ?? 0))
      text = text.slice(found.index + found[0].length)
    }
  }
  return { ...await (way.startsWith('HTTP/2') ? overStream : overSocket)(way, path, read), delays }
}
type Read = (bytes: Buffer) => void
type End = Pick<Listening, 'status' | 'whole'>

async function overSocket(way: Way, path: string, read: Read): Promise<End> {
  const client = await keep(way.endsWith('TLS') ? rawClient(program.https, TLS) : rawClient(program.http))
  client.socket.prependListener('data', read)
  client.send(requestText({ target: path }))
  const response = await client.response(SETTLED_MS)
  return { status: client.responses[0]?.status ?? 0, whole: response?.complete === true }
}

async function overStream(way: Way, path: string, read: Read): Promise<End> {
  const client = await keep(way.endsWith('TLS') ? h2Client(program.https, TLS) : h2Client(program.http))
  const stream = client.open(head(path))
  let seen = 0
  const look = () => {
    for (; seen < stream.body.length; seen++) read(stream.body[seen] ?? Buffer.alloc(0))
    return stream.ended || stream.reset >= 0
  }
  await client.when(look, SETTLED_MS)
  return { status: statusOf(stream), whole: stream.ended }
}

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Infinity

test('each event comes at once, and streams outlast proxy-read-timeout while they move', async () => {
  const streams = WAYS.flatMap((way) => Object.keys(FRAMINGS).map((kind) => ({ way, path: `/${kind}/${kind}-${WAYS.indexOf(way)}` })))
  const heard = await Promise.all(streams.map(({ way, path }) => listen(way, path)))
  expect(heard.map(({ status, whole, delays }) => [status, whole, delays.length])).toEqual(streams.map(() => [200, true, EVENTS]))
  const delays = heard.flatMap((each) => each.delays)
  console.log(`${delays.length} events: median ${median(delays).toFixed(2)} ms, at most ${Math.max(...delays).toFixed(2)} ms`)
  expect(median(delays)).toBeLessThan(PROMPT_MS)
  expect(Math.max(...delays)).toBeLessThan(WORST_MS)
}, SETTLED_MS)

test('a stream that stalls is cut after proxy-read-timeout, never ended, and counted', async () => {
  const counted = () => metric(program, 'lintel_upstream_errors_total', 'reason="timeout_body"')
  const before = await counted()
  const from = performance.now()
  const heard = await Promise.all(WAYS.map((way, n) => listen(way, `/chunked/stalled-${n}/stall`)))
  expect(performance.now() - from).toBeGreaterThan(READ_TIMEOUT_MS)
  expect(heard.map(({ status, whole, delays }) => [status, whole, delays.length])).toEqual(WAYS.map(() => [200, false, 1]))
  expect(await counted()).toBe(before + WAYS.length)
}, SETTLED_MS)
