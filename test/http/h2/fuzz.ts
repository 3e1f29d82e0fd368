// Connections that are nearly right, to owners that do what they like: nothing may be thrown, said wrongly or held beyond its bounds. Seeded.
// `bun test/http/h2/fuzz.ts [COUNT] [FROM]`: COUNT connections (60,000) from number FROM (0); a finding is repeated by its number.
import { GROWTH_BYTES, STREAM_WINDOW_BYTES, STREAMS } from '../../../src/http/h2/limits.ts'
import type { H2Stream } from '../../../src/http/h2/stream.ts'
import type { Role } from '../../../src/http/h2/streams.ts'
import { random } from '../../differential/mutate.ts'
import { Endpoint, type Owner } from './endpoint.ts'
import { answers, transcripts } from './transcripts.ts'
import { framesOf, lone, PREFACE_BYTES } from './wire.ts'

type Random = ReturnType<typeof random>
const SERVED = Object.values(transcripts)
const ANSWERED = Object.values(answers)
const MOST_EDITS = 5

const EDITS: readonly ((bytes: Buffer, draw: Random) => Buffer)[] = [
  (bytes, draw) => { const at = draw(bytes.length); return Buffer.from(bytes).fill(draw(256), at, Math.min(bytes.length, at + draw(9))) },
  (bytes, draw) => { const copy = Buffer.from(bytes); copy[draw(copy.length)] = draw(256); return copy },
  (bytes, draw) => { const copy = Buffer.from(bytes); copy[draw(copy.length)]! ^= 1 << draw(8); return copy },
  (bytes, draw) => { const at = draw(bytes.length); return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + draw(12))]) },
  (bytes, draw) => { const at = draw(bytes.length); return Buffer.concat([bytes.subarray(0, at), bytes.subarray(draw(bytes.length)).subarray(0, draw(40)), bytes.subarray(at)]) },
]
/** Frames out of order, left out, said twice, and from another connection. */
const FRAME_EDITS: readonly ((frames: Buffer[], draw: Random, all: readonly Buffer[][]) => Buffer[])[] = [
  (frames, draw) => frames.toSpliced(draw(frames.length), 1),
  (frames, draw) => frames.toSpliced(draw(frames.length), 0, frames[draw(frames.length)]!),
  (frames, draw, all) => { const other = all[draw(all.length)]!; return frames.toSpliced(1 + draw(frames.length), 0, ...other.slice(1 + draw(other.length))) },
]

/** A connection's frames, changed. Edits of octets mostly leave the preface alone: behind a wrong one nothing is read. */
const mutation = (all: readonly Buffer[][], draw: Random): Buffer => {
  let frames = all[draw(all.length)]!
  for (let edits = draw(MOST_EDITS); edits > 0 && frames.length > 1; edits--) frames = FRAME_EDITS[draw(FRAME_EDITS.length)]!(frames, draw, all)
  let bytes: Buffer = Buffer.concat(frames)
  for (let edits = draw(MOST_EDITS); edits > 0; edits--) {
    const kept = draw(20) === 0 ? 0 : Math.min(PREFACE_BYTES, bytes.length - 1)
    bytes = Buffer.concat([bytes.subarray(0, kept), EDITS[draw(EDITS.length)]!(bytes.subarray(kept), draw)])
    if (bytes.length < 2) break
  }
  return bytes
}

/** An owner without manners. */
const act = (endpoint: Endpoint, stream: H2Stream<Owner>, draw: Random) => {
  const { connection } = endpoint
  switch (draw(9)) {
    case 0: return connection.respond(stream, { status: 200, fields: [['x', 'y']] }, true)
    case 1: return connection.respond(stream, { status: 200, fields: [] }, false)
    case 2: return void endpoint.write(stream.id, Buffer.alloc(draw(100_000)), draw(2) === 0)
    case 3: return connection.trailers(stream, [['x', 'y']])
    case 4: return connection.reset(stream, 8)
    case 5: return connection.ignore(stream)
    case 6: return connection.consume(stream, draw(1000))
    case 7: return draw(20) === 0 ? connection.drain() : connection.tick()
  }
}

const endpointFor = (role: Role, draw: Random): Endpoint => {
  const some = (stream: H2Stream<Owner>) => { for (let times = draw(3); times > 0; times--) act(endpoint, stream, draw) }
  const endpoint: Endpoint = new Endpoint(role, { head: some, data: some, trailers: some, reset: some, drained: some })
  endpoint.consumes = draw(2) === 0
  if (role === 'client') for (const method of ['GET', 'POST', 'HEAD']) endpoint.request(method, method !== 'POST')
  return endpoint
}

/** What is wrong with the connection of this number; undefined: nothing. */
export const finding = (seed: number): string | undefined => {
  const draw = random(seed)
  const role = draw(4) === 0 ? 'client' : 'server'
  const bytes = mutation(role === 'client' ? ANSWERED : SERVED, draw)
  try {
    return play(endpointFor(role, draw), bytes, draw)
  } catch (error) {
    return error instanceof Error ? error.stack : String(error)
  }
}

/** What there may be of all streams, in either role. */
const HELD_BYTES = STREAMS * STREAM_WINDOW_BYTES + GROWTH_BYTES

const play = (endpoint: Endpoint, bytes: Buffer, draw: Random): string | undefined => {
  const sent: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const size = 1 + draw(draw(2) === 0 ? 20 : bytes.length)
    endpoint.feed(Buffer.from(bytes.subarray(at, at + size)))
    at += size
    if (draw(3) === 0) sent.push(endpoint.bytes())
    const streams = [...endpoint.streams.values()]
    if (streams.length > 0 && draw(3) === 0) act(endpoint, streams[draw(streams.length)]!, draw)
  }
  sent.push(endpoint.bytes())
  const all = Buffer.concat(sent)
  framesOf(all.toString('latin1', 0, 3) === 'PRI' ? all.subarray(PREFACE_BYTES) : all)
  const { fault, connection } = endpoint
  const held = [...endpoint.streams.values()].reduce((sum, stream) => sum + stream.held, 0)
  if (fault?.reason === 'internal_error') return `a defect: ${String(fault.cause)}`
  if (connection.active > STREAMS || held > HELD_BYTES) return `beyond bounds: ${connection.active} streams, ${held} octets`
  if (fault !== null && endpoint.feed(lone(99_999)).connection.pending) return 'something was said after GOAWAY'
  return undefined
}

if (import.meta.main) {
  const [count = 60_000, from = 0] = process.argv.slice(2).map(Number)
  let found = 0
  for (let seed = from; seed < from + count; seed++) {
    const wrong = finding(seed)
    if (wrong === undefined) continue
    found++
    console.log(`FOUND  ${seed}: ${wrong}`)
  }
  console.log(`${count} connections, ${found} findings`)
  process.exit(found > 0 ? 1 : 0)
}
