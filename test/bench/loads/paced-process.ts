// `paced-process.ts PORT tls|clear RATE CONNECTIONS SECONDS FILE`: the requests of the file in turn, so many a second, whatever becomes of
// them. Latency counts from the moment a request was due, so a proxy that pauses pays for all that waited. Prints a report as JSON.
import { decode } from '../requests.ts'
import { host } from '../site.ts'
import type { PaceMessage } from './pacer.ts'

const [port = '', security = '', rate = '', connections = '', seconds = '', file = ''] = process.argv.slice(2)
const requests = decode(await Bun.file(file).text())
const total = Math.round(Number(rate) * Number(seconds))
const SUCCESS = 'HTTP/1.1 200'

/** due: of the request on its way; expected: octets of its answer that are to come, NaN before its head. */
type Talk = { due: number; expected: number }
const idle: Bun.Socket<Talk>[] = []
/** When those were due that found no connection. */
const waiting: number[] = []
const micros: number[] = []
let sent = 0
let octets = 0
let trouble: string | undefined

const ask = (socket: Bun.Socket<Talk>, due: number) => {
  socket.data.due = due
  socket.data.expected = NaN
  const request = requests[sent++ % requests.length] ?? ''
  if (socket.write(request) < request.length) trouble = 'a request was not taken at once'
}
const due = (at: number) => {
  const socket = idle.shift()
  if (socket === undefined) waiting.push(at)
  else ask(socket, at)
}

/** Octets of the whole answer. */
const lengthOf = (bytes: Buffer): number => {
  const text = bytes.toString('latin1', 0, 4096)
  const end = text.indexOf('\r\n\r\n')
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end))?.[1]
  if (!text.startsWith(SUCCESS) || end < 0 || length === undefined) trouble = `the answer was ${text.slice(0, 60)}`
  return end + 4 + Number(length)
}
const received = (socket: Bun.Socket<Talk>, bytes: Buffer) => {
  const { data } = socket
  octets += bytes.length
  data.expected = (Number.isNaN(data.expected) ? lengthOf(bytes) : data.expected) - bytes.length
  if (data.expected > 0) return
  micros.push((performance.now() - data.due) * 1000)
  if (micros.length === total) done()
  const next = waiting.shift()
  if (next === undefined) idle.push(socket)
  else ask(socket, next)
}

const open = () => new Promise<void>((resolve, reject) => {
  Bun.connect<Talk>({
    hostname: '127.0.0.1', port: Number(port), data: { due: 0, expected: 0 },
    ...(security === 'tls' && { tls: { serverName: host, rejectUnauthorized: false } }),
    socket: {
      [security === 'tls' ? 'handshake' : 'open'](socket: Bun.Socket<Talk>) {
        idle.push(socket)
        resolve()
      },
      data: received,
      close() { trouble ??= 'a connection was closed' },
      connectError(_, error) { reject(error) },
    },
  }).catch(reject)
})

const done = () => {
  const sorted = micros.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.ceil(sorted.length * share) - 1] ?? 0
  if (micros.length < total) trouble ??= `${micros.length} answers to ${total} requests`
  const latency = { p50: at(0.5), p99: at(0.99), p999: at(0.999) }
  console.log(JSON.stringify({ requests: micros.length, seconds: (performance.now() - from) / 1000, octets, trouble, latency }))
  process.exit()
}

for (let n = 0; n < Number(connections); n++) await open()
const from = performance.now()
const pacer = new Worker(new URL('pacer.ts', import.meta.url))
/** What has not come by then is lost. */
const GRACE_MS = 5_000
pacer.onmessage = ({ data }: MessageEvent<PaceMessage>) => {
  if (data === 'end') setTimeout(done, GRACE_MS)
  else due(performance.now())
  if (trouble !== undefined) done()
}
pacer.postMessage({ rate: Number(rate), total })
