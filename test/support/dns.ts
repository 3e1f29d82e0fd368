// A nameserver of our own: what it holds is a map that tests change, and it notes what it was asked. Knows A and AAAA records, in UDP.
import { createSocket } from 'node:dgram'

export type Records = { readonly ttl: number; readonly a?: readonly string[]; readonly aaaa?: readonly string[] }
export type NameServer = {
  /** `127.0.0.1:port`, for setServers. */
  readonly address: string
  /** By name in lower case. A name that is not here does not exist. */
  readonly zone: Map<string, Records>
  /** `A name` or `AAAA name`, in order. */
  readonly asked: string[]
  /** It hears and says nothing. */
  silent: boolean
  close(): void
}

const TYPES: Readonly<Record<number, 'A' | 'AAAA'>> = { 1: 'A', 28: 'AAAA' }
const NO_SUCH_NAME = 3

export async function nameServer(): Promise<NameServer> {
  const socket = createSocket('udp4')
  const { promise, resolve } = Promise.withResolvers<void>()
  socket.bind(0, '127.0.0.1', resolve)
  await promise
  const server: NameServer = { address: `127.0.0.1:${socket.address().port}`, zone: new Map(), asked: [], silent: false, close: () => { socket.close() } }
  socket.on('message', (query, peer) => {
    const question = questionOf(query)
    server.asked.push(`${question.type} ${question.name}`)
    if (!server.silent) socket.send(answerTo(query, question, server.zone.get(question.name)), peer.port, peer.address)
  })
  return server
}

/** end: of the question in the message. */
type Question = { readonly name: string; readonly type: string; readonly end: number }

/** RFC 1035 §4.1.2: labels with their lengths, an empty one, type and class. */
function questionOf(query: Buffer): Question {
  const labels: string[] = []
  let at = HEAD
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), type: TYPES[query.readUInt16BE(at + 1)] ?? 'other', end: at + 5 }
}
const HEAD = 12

/** RFC 1035 §4.1.1: the id and the question again, then the records. */
function answerTo(query: Buffer, { type, end }: Question, records: Records | undefined): Buffer {
  const addresses = (type === 'A' ? records?.a : type === 'AAAA' ? records?.aaaa : undefined) ?? []
  const head = Buffer.alloc(HEAD)
  head.writeUInt16BE(query.readUInt16BE(0), 0)
  head.writeUInt16BE(0x8180 | (records === undefined ? NO_SUCH_NAME : 0), 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt16BE(addresses.length, 6)
  return Buffer.concat([head, query.subarray(HEAD, end), ...addresses.map((address) => record(address, records?.ttl ?? 0))])
}

/** RFC 1035 §4.1.3, its name a pointer to the question's (§4.1.4). */
function record(address: string, ttl: number): Buffer {
  const octets = address.includes(':') ? octetsOfIPv6(address) : address.split('.').map(Number)
  const fixed = Buffer.alloc(12)
  fixed.writeUInt16BE(0xc000 | HEAD, 0)
  fixed.writeUInt16BE(address.includes(':') ? 28 : 1, 2)
  fixed.writeUInt16BE(1, 4)
  fixed.writeUInt32BE(ttl, 6)
  fixed.writeUInt16BE(octets.length, 10)
  return Buffer.concat([fixed, Buffer.from(octets)])
}

function octetsOfIPv6(address: string): number[] {
  const [head = '', tail = ''] = address.split('::')
  const [left, right] = [head, tail].map((part) => (part === '' ? [] : part.split(':').map((group) => parseInt(group, 16))))
  if (left === undefined || right === undefined) return []
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right].flatMap((group) => [group >> 8, group & 255])
}
