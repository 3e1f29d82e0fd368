// Listeners of one port, for tests of who gets its connections.
import { once } from 'node:events'
import { connect, createServer, type Server } from 'node:net'
import { freePort } from '../support/ports.ts'

/** Listeners of one port, numbered as they came: each says its number to whoever connects. */
export class Crowd {
  readonly port = freePort()
  readonly #all: Server[] = []

  /** Those that still listen. */
  get numbers(): number[] { return this.#all.flatMap((server, number) => server.listening ? [number] : []) }

  async join(count: number): Promise<number[]> {
    const before = this.#all.length
    for (let i = 0; i < count; i++) await this.#listen()
    return this.#all.map((_, number) => number).slice(before)
  }

  fd(number: number): number { return Number(Reflect.get(Object(Reflect.get(this.#all[number] ?? {}, '_handle')), 'fd')) }

  /** The numbers of those that took one of `connections`. */
  async takers(connections = 60): Promise<number[]> {
    const all = await Promise.all(Array.from({ length: connections }, () => this.#taker()))
    return [...new Set(all)].toSorted((a, b) => a - b)
  }

  close(...numbers: readonly number[]): void { for (const number of numbers) this.#all[number]?.close() }
  stop(): void { this.close(...this.numbers) }

  async #listen() {
    const name = String(this.#all.length)
    const server = createServer((socket) => { socket.on('error', () => { /* the client left */ }).end(name) })
    this.#all.push(server)
    server.listen({ port: this.port, host: '127.0.0.1', reusePort: true })
    await once(server, 'listening')
  }

  async #taker(): Promise<number> {
    let name = ''
    for await (const data of connect({ port: this.port, host: '127.0.0.1' })) name += String(data)
    return Number(name)
  }
}
