// An origin whose mood the test sets: it answers, answers late, says nothing, resets, or is not there. Knows nothing of the proxy.
import { createServer, type Server, type Socket } from 'node:net'

export type Mood = 'well' | 'slow' | 'hangs' | 'resets' | 'refuses' | 'fails'

/** How late a slow one answers: still in time for any deadline. */
const SLOW_MS = 300

export class Moody {
  /** Requests that came while it was well. */
  served = 0
  port = 0
  #mood: Mood = 'well'
  #server: Server | null = null
  readonly #sockets = new Set<Socket>()

  static async listen(): Promise<Moody> {
    const moody = new Moody()
    await moody.become('well')
    return moody
  }

  async become(mood: Mood): Promise<void> {
    this.#mood = mood
    if (mood === 'refuses') return this.close()
    if (this.#server === null) await this.#open()
  }

  async #open(): Promise<void> {
    const server = createServer((socket) => this.#serve(socket))
    this.#server = server
    await new Promise<void>((resolve) => { server.listen({ port: this.port, host: '127.0.0.1' }, resolve) })
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('not listening on a port')
    this.port = address.port
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket))
    socket.on('data', (bytes) => this.#answer(socket, bytes.toString('latin1')))
  }
  #answer(socket: Socket, text: string): void {
    if (this.#mood === 'hangs') return
    if (this.#mood === 'resets') return void socket.resetAndDestroy()
    const status = this.#mood === 'fails' ? '503 Service Unavailable' : '200 OK'
    const answer = `HTTP/1.1 ${status}\r\nContent-Length: 2\r\n\r\nok`
    if (text.includes('\r\n\r\n') && this.#mood === 'well') this.served++
    if (this.#mood === 'slow') setTimeout(() => socket.write(answer), SLOW_MS)
    else socket.write(answer)
  }

  close(): void {
    this.#server?.close()
    this.#server = null
    for (const socket of this.#sockets) socket.destroy()
  }
}
