// Clients that behave, beside the attack: HTTP/1 and HTTP/2 over TLS, some requests a second each, and one that asks the origin itself: what
// the machine makes all of them wait for. Keeps how long each answer took.
import { h2Client, head, statusOf } from '../features/http2-client.ts'
import { requestText } from '../features/scene.ts'
import { rawClient } from '../support/raw-client.ts'
import type { Scene } from './scene.ts'

/** `at`: ms since 1970, when it was asked. */
type Sample = { readonly at: number; readonly ms: number }
type Connection = { ask(): Promise<number>; close(): void }
export type Waits = {
  /** p99 of answers through the program, ms. */
  readonly p99Ms: number
  /** The same of the origin's own. */
  readonly besideMs: number
}

/** Between two requests of a connection: enough for a p99 in a second, little beside an attack. */
const EVERY_MS = 8
/** Requests of a connection before it is left for a new one: below the number after which the program closes it. */
const REQUESTS = 500
/** Asked for before anything is measured, so many at a time: what honest load makes a program hold is no attack's. */
const WARM_UP_ROUNDS = 30, WARM_UP_STREAMS = 100
const tls = { servername: 'app.example' }
const now = () => performance.timeOrigin + performance.now()

const http1 = async (port: number, options: Parameters<typeof rawClient>[1]): Promise<Connection> => {
  const client = await rawClient(port, options)
  return {
    ask: async () => {
      client.send(requestText())
      return (await client.response())?.status ?? 0
    },
    close: () => client.destroy(),
  }
}
const http2 = async (port: number): Promise<Connection> => {
  const client = await h2Client(port, { tls })
  return {
    ask: async () => {
      const stream = await client.ask(head('/'))
      client.streams.delete(stream.id)
      return statusOf(stream)
    },
    close: () => client.destroy(),
  }
}

/** One client, that asks again and again, on one connection after another. */
class Lane {
  readonly samples: Sample[] = []
  readonly failures: string[] = []
  readonly #running: Promise<void>
  #stopped = false

  constructor(connect: () => Promise<Connection>) { this.#running = this.#run(connect) }

  async #run(connect: () => Promise<Connection>) {
    let connection = await connect()
    for (let n = 1; !this.#stopped; n++) {
      if (n % REQUESTS === 0) {
        connection.close()
        connection = await connect()
      }
      const at = now()
      const status = await connection.ask().catch(String)
      const ms = now() - at
      this.samples.push({ at, ms })
      if (status !== 200) this.failures.push(`${status} after ${ms.toFixed(0)} ms`)
      await Bun.sleep(Math.max(0, EVERY_MS - ms))
    }
    connection.close()
  }
  async close() {
    this.#stopped = true
    await this.#running
  }
}

export class Polite {
  readonly #served: readonly Lane[]
  readonly #beside: Lane

  constructor({ program: { https }, origin }: Scene) {
    this.#served = [new Lane(() => http1(https, { tls })), new Lane(() => http2(https))]
    this.#beside = new Lane(() => http1(origin, {}))
  }
  /** Of requests asked between two moments. */
  waits(from: number, to: number): Waits { return { p99Ms: p99(this.#served, from, to), besideMs: p99([this.#beside], from, to) } }
  /** What went wrong so far. */
  get failures(): string[] { return this.#served.flatMap(({ failures }) => failures) }
  async close() { await Promise.all([...this.#served, this.#beside].map((lane) => lane.close())) }
}

/** A burst of requests as honest as they are many. */
export const warmUp = async ({ program }: Scene) => {
  for (let round = 0; round < WARM_UP_ROUNDS; round++) {
    const client = await h2Client(program.https, { tls })
    await Promise.all(Array.from({ length: WARM_UP_STREAMS }, () => client.ask(head('/'))))
    client.destroy()
  }
}

/** The p99 of so few is their worst. */
const WINDOW = 25
const quantile = (sorted: readonly number[], part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
const ascending = (values: readonly number[]) => values.toSorted((a, b) => a - b)

/** The p99, ms: of each window of some, and of these the median, so that one moment of a busy machine does not decide. */
const p99 = (lanes: readonly Lane[], from: number, to: number): number => {
  const samples = lanes.flatMap((lane) => lane.samples.filter(({ at }) => at >= from && at < to)).toSorted((a, b) => a.at - b.at)
  const windows = Array.from({ length: Math.ceil(samples.length / WINDOW) }, (_, n) => samples.slice(n * WINDOW, (n + 1) * WINDOW))
  return quantile(ascending(windows.map((window) => quantile(ascending(window.map(({ ms }) => ms)), 0.99))), 0.5)
}
