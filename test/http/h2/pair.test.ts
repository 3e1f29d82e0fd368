// Both roles against each other: whatever is asked and answered, in whatever pieces and windows, arrives as it was sent, and nothing is left over.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { SETTING } from '../../../src/http/h2/frames.ts'
import { random } from '../../differential/mutate.ts'
import { CODE, Endpoint, pairsOf } from './endpoint.ts'
import { settings, windowUpdate } from './wire.ts'

type Ending = 'well' | 'reset by client' | 'reset by server' | 'ignored early'
type Plan = {
  readonly method: string
  readonly request: number
  readonly answer: number
  readonly informs: number
  readonly trailers: boolean
  readonly ending: Ending
}
type Body = { readonly bytes: Buffer; at: number; readonly trailers: boolean }

const PIECE_BYTES = 30_000
const TRAILERS: [string, string][] = [['grpc-status', '0'], ['x-long', 'y'.repeat(300)]]
/** Octets that tell where they stand. */
const body = (size: number, seed: number): Buffer => Buffer.from(Uint8Array.from({ length: size }, (_, n) => (n * 31 + seed + (n >> 8)) & 255))

class Pair {
  readonly client: Endpoint
  readonly server: Endpoint
  readonly #plans: readonly Plan[]
  readonly #draw: (below: number) => number
  readonly #answered = new Set<number>()
  readonly #bodies = new Map<Endpoint, Map<number, Body>>()

  constructor(plans: readonly Plan[], draw: (below: number) => number) {
    this.#plans = plans
    this.#draw = draw
    this.client = new Endpoint('client', { drained: ({ id }) => this.#write(this.client, id) })
    this.server = new Endpoint('server', {
      head: ({ id }, _, end) => { if (end || this.planOf(id).ending === 'ignored early') this.#answer(id) },
      data: ({ id }, span) => { if (span.last) this.#answer(id) },
      trailers: ({ id }) => this.#answer(id),
      drained: ({ id }) => this.#write(this.server, id),
    })
  }
  planOf(id: number): Plan { return this.#plans[(id - 1) / 2]! }

  #start(endpoint: Endpoint, id: number, body: Body) {
    const bodies = this.#bodies.get(endpoint) ?? new Map<number, Body>()
    this.#bodies.set(endpoint, bodies.set(id, body))
    this.#write(endpoint, id)
  }
  #write(endpoint: Endpoint, id: number) {
    const body = this.#bodies.get(endpoint)!.get(id)!
    for (let more = true; more && body.at < body.bytes.length;) {
      const to = Math.min(body.bytes.length, body.at + 1 + this.#draw(PIECE_BYTES))
      more = endpoint.write(id, body.bytes.subarray(body.at, to), to === body.bytes.length && !body.trailers)
      body.at = to
    }
    if (body.at < body.bytes.length) return
    if (body.trailers) endpoint.connection.trailers(endpoint.stream(id), TRAILERS)
    this.#handedOver(endpoint, id)
  }

  #handedOver(endpoint: Endpoint, id: number) {
    if (endpoint === this.server && this.planOf(id).ending === 'ignored early') endpoint.connection.ignore(endpoint.stream(id))
  }

  ask(index: number) {
    const { method, request, trailers } = this.#plans[index]!
    const stream = this.client.request(method, request === 0)
    if (request > 0) this.#start(this.client, stream.id, { bytes: body(request, index), at: 0, trailers })
  }
  #answer(id: number) {
    const { server } = this
    const { informs, answer, method, ending, trailers } = this.planOf(id)
    if (this.#answered.has(id)) return
    this.#answered.add(id)
    for (let n = 0; n < informs; n++) server.connection.inform(server.stream(id), { status: 103, fields: [['link', `</${n}>`]] })
    if (ending === 'reset by server') return server.connection.reset(server.stream(id), CODE.CANCEL)
    const none = method === 'HEAD' || (answer === 0 && !trailers)
    server.respond(id, [['content-length', String(answer)], ['X-Id', String(id)]], { end: none })
    if (!none) this.#start(server, id, { bytes: body(answer, id), at: 0, trailers })
    if (none) this.#handedOver(server, id)
  }

  /** Carries octets in pieces until nobody has anything to say. */
  exchange() {
    for (let moved = true; moved;) {
      moved = false
      for (const [from, to] of [[this.client, this.server], [this.server, this.client]] as const) {
        const bytes = from.bytes()
        moved ||= bytes.length > 0
        for (let at = 0; at < bytes.length;) {
          const size = 1 + this.#draw(this.#draw(4) === 0 ? 50 : 40_000)
          to.feed(bytes.subarray(at, at + size))
          at += size
        }
      }
    }
  }
  /** Opens every window a little, as a peer with tiny windows does. */
  drip() {
    for (const endpoint of [this.client, this.server]) {
      for (const stream of endpoint.streams.values()) if (!stream.closed) endpoint.feed(windowUpdate(stream.id, 1 + this.#draw(9_000)))
      endpoint.connection.tick()
    }
    this.exchange()
  }
}

const check = (pair: Pair, id: number) => {
  const { method, request, answer, informs, trailers, ending } = pair.planOf(id)
  const got = pair.client.of(id)
  const asked = pair.server.owners.get(id)
  if (ending === 'reset by client') return
  if (ending === 'reset by server') {
    expect(got.told.at(-1)).toBe('reset 8 remote')
    return
  }
  expect(got.sections.map(({ status }) => status)).toEqual([...Array.from({ length: informs }, () => 103), 200])
  expect(pairsOf(got.section)).toEqual([['x-id', String(id)]])
  expect(got.section.length).toBe(answer)
  if (method !== 'HEAD') {
    expect(Buffer.concat(got.body).equals(body(answer, id))).toBe(true)
    expect(got.trailers === null ? [] : pairsOf(got.trailers)).toEqual(trailers ? TRAILERS : [])
  }
  if (ending === 'ignored early') return
  expect(Buffer.concat(asked?.body ?? []).equals(body(request, (id - 1) / 2))).toBe(true)
}

const size = fc.oneof(fc.constant(0), fc.nat(20), fc.nat(100_000))
const plan: fc.Arbitrary<Plan> = fc.record({
  method: fc.constantFrom('GET', 'POST', 'HEAD'), request: size, answer: size, informs: fc.nat(2), trailers: fc.boolean(),
  ending: fc.constantFrom<Ending>('well', 'well', 'well', 'reset by client', 'reset by server', 'ignored early'),
})

test('requests, bodies, trailers and resets, all at once, with tiny windows', () => {
  fc.assert(fc.property(fc.array(plan, { minLength: 1, maxLength: 12 }), fc.nat(), fc.nat(20_000), (plans, seed, window) => {
    const pair = new Pair(plans, random(seed))
    pair.exchange()
    for (const endpoint of [pair.client, pair.server]) endpoint.feed(settings([SETTING.INITIAL_WINDOW_SIZE, window]))
    plans.forEach((_, index) => pair.ask(index))
    for (const [id, stream] of pair.client.streams) if (pair.planOf(id).ending === 'reset by client') pair.client.connection.reset(stream, CODE.CANCEL)
    pair.exchange()
    for (let round = 0; round < 1_000 && pair.client.connection.active + pair.server.connection.active > 0; round++) pair.drip()
    expect([pair.client.connection.active, pair.server.connection.active]).toEqual([0, 0])
    expect([pair.client.fault, pair.server.fault]).toEqual([null, null])
    plans.forEach((_, index) => check(pair, 2 * index + 1))
  }), { numRuns: 80, includeErrorInReport: true })
}, 30_000)
