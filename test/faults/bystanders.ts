// Healthy connections beside the faulty ones, on the same listeners and both protocols: each must be served all the time.
import { h2Client, head, statusOf } from '../features/http2-client.ts'
import { requestText } from '../features/scene.ts'
import type { Program } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'

type Connection = { ask(): Promise<number>; close(): void }

const http1 = async (port: number, tls: boolean): Promise<Connection> => {
  const client = await rawClient(port, tls ? { tls: { servername: 'app.example' } } : {})
  return {
    ask: async () => {
      client.send(requestText())
      return (await client.response())?.status ?? 0
    },
    close: () => client.destroy(),
  }
}
const http2 = async (port: number, tls: boolean): Promise<Connection> => {
  const client = await h2Client(port, tls ? { tls: { servername: 'app.example' } } : {})
  return { ask: async () => statusOf(await client.ask(head('/'))), close: () => client.destroy() }
}

/** Between two requests on a connection: far below the program's keep-alive, and little work beside the conversations. */
const EVERY_MS = 20
/** Half of that keep-alive. Who was kept from asking for so long, because the machine has too much to do, may find it closed with every right. */
const RESTED_MS = 150

export class Bystanders {
  /** Answers with 200, and what else came. */
  served = 0
  readonly failures: string[] = []
  readonly #open: Readonly<Record<string, () => Promise<Connection>>>
  readonly #connections = new Map<string, { readonly connection: Connection; readonly answeredMs: number }>()
  readonly #busy = new Map<string, Promise<void>>()
  readonly #timer = setInterval(() => this.#askAll(), EVERY_MS)

  private constructor(open: Readonly<Record<string, () => Promise<Connection>>>) { this.#open = open }
  static async open({ http, https }: Program): Promise<Bystanders> {
    const bystanders = new Bystanders({
      'HTTP/1': () => http1(http, false), 'HTTP/2': () => http2(http, false), 'HTTP/1 over TLS': () => http1(https, true), 'HTTP/2 over TLS': () => http2(https, true),
    })
    for (const name of Object.keys(bystanders.#open)) await bystanders.#connection(name)
    return bystanders
  }

  /** The same one as long as it is asked in time. */
  async #connection(name: string): Promise<Connection> {
    const former = this.#connections.get(name)
    if (former !== undefined && performance.now() - former.answeredMs < RESTED_MS) return former.connection
    former?.connection.close()
    const connection = await this.#open[name]?.()
    if (connection === undefined) throw new Error(`nobody is called ${name}`)
    this.#connections.set(name, { connection, answeredMs: performance.now() })
    return connection
  }

  /** On each connection that waits for none. */
  #askAll() {
    for (const name of Object.keys(this.#open)) {
      if (!this.#busy.has(name)) this.#busy.set(name, this.#ask(name).finally(() => this.#busy.delete(name)))
    }
  }
  async #ask(name: string) {
    const connection = await this.#connection(name)
    const status = await connection.ask().catch((error: unknown) => String(error))
    this.#connections.set(name, { connection, answeredMs: performance.now() })
    if (status === 200) this.served++
    else this.failures.push(`${name}: ${status}`)
  }

  /** Asks once more on each, and closes them. */
  async close() {
    clearInterval(this.#timer)
    await Promise.all(this.#busy.values())
    this.#askAll()
    await Promise.all(this.#busy.values())
    for (const { connection } of this.#connections.values()) connection.close()
  }
}
