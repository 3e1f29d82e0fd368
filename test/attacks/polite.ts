// Clients that behave, beside the attack: HTTP/1 and HTTP/2 over TLS, some requests a second each. Keeps how long each answer took.
import { h2Client, head, statusOf } from '../features/http2-client.ts'
import { requestText } from '../features/scene.ts'
import type { Program } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'

/** `at`: ms since 1970, when it was asked. */
export type Sample = { readonly at: number; readonly ms: number }
type Connection = { ask(): Promise<number>; close(): void }

/** Between two requests of a connection: enough for a p99 in a second, little beside an attack. */
const EVERY_MS = 8
/** Requests of a connection before it is left for a new one: below the number after which the program closes it. */
const REQUESTS = 500
const tls = { servername: 'app.example' }
const now = () => performance.timeOrigin + performance.now()

const http1 = async ({ https }: Program): Promise<Connection> => {
  const client = await rawClient(https, { tls })
  return {
    ask: async () => {
      client.send(requestText())
      return (await client.response())?.status ?? 0
    },
    close: () => client.destroy(),
  }
}
const http2 = async ({ https }: Program): Promise<Connection> => {
  const client = await h2Client(https, { tls })
  return {
    ask: async () => {
      const stream = await client.ask(head('/'))
      client.streams.delete(stream.id)
      return statusOf(stream)
    },
    close: () => client.destroy(),
  }
}

export class Polite {
  readonly samples: Sample[] = []
  readonly failures: string[] = []
  readonly #running: Promise<unknown>
  #stopped = false

  constructor(program: Program) { this.#running = Promise.all([http1, http2].map((connect) => this.#run(() => connect(program)))) }

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
  /** Samples asked between two moments. */
  between(from: number, to: number): Sample[] { return this.samples.filter(({ at }) => at >= from && at < to) }

  async close() {
    this.#stopped = true
    await this.#running
  }
}

/** The p99 of so few is their worst. */
const WINDOW = 25
const quantile = (sorted: readonly number[], part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
const ascending = (values: readonly number[]) => values.toSorted((a, b) => a - b)

/** The p99 of samples, ms: of each window of some, and of these the median, so that one moment of a busy machine does not decide. */
export const p99 = (samples: readonly Sample[]): number => {
  const windows = Array.from({ length: Math.ceil(samples.length / WINDOW) }, (_, n) => samples.slice(n * WINDOW, (n + 1) * WINDOW))
  return quantile(ascending(windows.map((window) => quantile(ascending(window.map(({ ms }) => ms)), 0.99))), 0.5)
}
