// One connection of an attacker: sends as fast as the kernel takes it, goes on after the peer has said goodbye, and knows when it was cut.
// Knows octets only.
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** So long an attacker goes on after it was cut. */
const STUBBORN_MS = 300

export type LineOptions = {
  /** What comes is not read. */
  readonly deaf?: boolean
}
type Dialled = LineOptions & { readonly port: number; readonly tls: boolean; readonly alpn?: string }

export class Line {
  readonly #socket: Socket
  readonly openedAt = performance.now()
  /** The peer ended its side, or reset us; 0: it did not. */
  cutAt = 0
  sent = 0
  #left = false
  readonly #cut = Promise.withResolvers<void>()

  private constructor(socket: Socket, { deaf = false }: LineOptions) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('end', () => this.#noteCut())
    socket.on('error', () => this.#noteCut())
    socket.on('close', () => this.#noteCut())
    if (deaf) socket.pause()
    else socket.resume()
  }

  static async open({ port, tls, alpn, ...options }: Dialled): Promise<Line> {
    const address = { port, host: '127.0.0.1', allowHalfOpen: true }
    const named = { servername: 'app.example', rejectUnauthorized: false, ...(alpn !== undefined && { ALPNProtocols: [alpn] }) }
    const socket = tls ? connectTls({ ...address, ...named }) : connectTcp(address)
    await new Promise<void>((resolve, reject) => { socket.once(tls ? 'secureConnect' : 'connect', resolve).once('error', reject) })
    return new Line(socket, options)
  }

  get cut() { return this.cutAt > 0 }
  /** Nothing can be sent any more. */
  get closed() { return this.#socket.destroyed }
  #noteCut() {
    if (this.#left || this.cut) return
    this.cutAt = performance.now()
    this.#cut.resolve()
    setTimeout(() => this.leave(), STUBBORN_MS)
  }
  /** Resolves when the peer has cut it. */
  whenCut(): Promise<void> { return this.#cut.promise }

  /** Resolves when the kernel has taken it, or will take nothing any more. */
  async send(bytes: Buffer | string): Promise<void> {
    if (this.closed) return
    this.sent += bytes.length
    if (this.#socket.write(bytes)) return new Promise((resolve) => setImmediate(resolve)) // what comes is seen between two batches
    await new Promise<void>((resolve) => {
      const done = () => {
        this.#socket.off('drain', done).off('close', done)
        resolve()
      }
      this.#socket.once('drain', done).once('close', done)
    })
  }
  leave() {
    this.#left = true
    this.#socket.destroy()
  }
}
