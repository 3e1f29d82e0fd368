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

export class Bystanders {
  /** Answers with 200, and what else came. */
  served = 0
  readonly failures: string[] = []
  readonly #connections: Readonly<Record<string, Connection>>
  readonly #busy = new Map<string, Promise<void>>()
  readonly #timer = setInterval(() => this.#askAll(), EVERY_MS)

  private constructor(connections: Readonly<Record<string, Connection>>) { this.#connections = connections }
  static async open({ http, https }: Program): Promise<Bystanders> {
    return new Bystanders({
      'HTTP/1': await http1(http, false), 'HTTP/2': await http2(http, false), 'HTTP/1 over TLS': await http1(https, true), 'HTTP/2 over TLS': await http2(https, true),
    })
  }

  /** On each connection that waits for none. */
  #askAll() {
    for (const [name, connection] of Object.entries(this.#connections)) {
      if (!this.#busy.has(name)) this.#busy.set(name, this.#ask(name, connection).finally(() => this.#busy.delete(name)))
    }
  }
  async #ask(name: string, connection: Connection) {
    const status = await connection.ask().catch((error: unknown) => String(error))
    if (status === 200) this.served++
    else this.failures.push(`${name}: ${status}`)
  }

  /** Asks once more on each, and closes them. */
  async close() {
    clearInterval(this.#timer)
    await Promise.all(this.#busy.values())
    this.#askAll()
    await Promise.all(this.#busy.values())
    for (const connection of Object.values(this.#connections)) connection.close()
  }
}
