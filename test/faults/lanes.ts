// Lanes on which conversations run one at a time, several lanes at once: a host, its origin, and a cable at the side that fails.
// Knows the program's ports, no faults and no judgement.
import { connect, createServer, type Server, type Socket } from 'node:net'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { app, route } from '../features/scene.ts'
import { certificate } from '../support/certificate.ts'
import { cable, type Cable, type Fault } from '../support/faults/cable.ts'
import { listening } from '../support/faults/loopback.ts'
import { type Heard, type Script, speak } from '../support/faults/speaker.ts'
import type { Program } from '../support/program.ts'
import type { Conversation } from './conversations.ts'
import type { Suite } from './suites.ts'

/** An origin that follows a script on each of its connections. */
class Origin {
  script: Script = []
  heard: Heard[] = []
  readonly #sockets = new Set<Socket>()
  readonly #server: Server

  private constructor(tls: { cert: string; key: string } | null, protocol: string) {
    const accept = (socket: Socket) => this.#accept(socket)
    this.#server = tls === null ? createServer({ allowHalfOpen: true }, accept) : createTlsServer({ ...tls, ALPNProtocols: [protocol], allowHalfOpen: true }, accept)
    this.#server.on('tlsClientError', (_, socket) => socket.destroy())
  }
  static async open(upstream: Suite['upstream']): Promise<{ origin: Origin; port: number }> {
    const tls = upstream === 'HTTPS' || upstream === 'GRPCS' ? await certificate({ names: ['upstream.test'] }) : null
    const origin = new Origin(tls, upstream === 'GRPCS' ? 'h2' : 'http/1.1')
    return { origin, port: await listening(origin.#server) }
  }

  #accept(socket: Socket) {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    this.heard.push(speak(socket, this.script))
  }
  /** Ends what stands; what was heard is forgotten. */
  cut() {
    for (const socket of this.#sockets) socket.destroy()
    this.heard = []
  }
  close() {
    this.cut()
    this.#server.close()
  }
}

export type Spoken = { readonly path: string; readonly client: Heard; readonly origins: readonly Heard[] }

/** Paths are equally long, so that a place in one conversation is the same in the next. */
const PATH_DIGITS = 6

export class Lane {
  readonly host: string
  /** Service, slices and Ingress. */
  readonly objects: readonly object[]
  readonly #suite: Suite
  readonly #origin: Origin
  #cable: Cable | null
  #port = 0
  #conversations = 0

  private constructor(suite: Suite, parts: { host: string; objects: readonly object[]; origin: Origin; cable: Cable | null }) {
    this.#suite = suite
    this.host = parts.host
    this.objects = parts.objects
    this.#origin = parts.origin
    this.#cable = parts.cable
  }
  static async open(suite: Suite, number: number): Promise<Lane> {
    const { origin, port } = await Origin.open(suite.upstream)
    const before = suite.side === 'upstream' ? await cable({ to: port, program: 'caller' }) : null
    const name = `lane-${String(number).padStart(2, '0')}`
    const host = `${name}.example`
    const annotations = { 'nginx.ingress.kubernetes.io/backend-protocol': suite.upstream }
    return new Lane(suite, { host, origin, cable: before, objects: [...app(name, { port: before?.port ?? port }), route({ to: name, host, annotations })] })
  }

  /** The program runs now. */
  async join({ http, https }: Program) {
    this.#port = this.#suite.tls ? https : http
    if (this.#cable !== null) return
    this.#cable = await cable({ to: this.#port, program: 'callee' })
    this.#port = this.#cable.port
  }

  get passed() { return this.cable.passed }
  get cable(): Cable {
    if (this.#cable === null) throw new Error('the lane has not joined a program')
    return this.#cable
  }

  /** Runs a conversation until `over` says so, shows what came of it, and lets go of every connection. */
  async converse<T>(conversation: Conversation, fault: Fault | null, look: (spoken: Spoken) => Promise<T>): Promise<T> {
    this.cable.lay(fault)
    this.#origin.script = conversation.origin
    const socket = this.#dial()
    const path = `/${String(this.#conversations++).padStart(PATH_DIGITS, '0')}`
    const client = speak(socket, conversation.client({ host: this.host, path }))
    const result = await look({ path, client, origins: this.#origin.heard })
    const cut = this.cable.cut()
    socket.destroy()
    await cut
    this.#origin.cut()
    return result
  }

  #dial(): Socket {
    const to = { port: this.#port, host: '127.0.0.1' }
    const ALPNProtocols = [this.#suite.client === 'h2' ? 'h2' : 'http/1.1']
    return this.#suite.tls ? connectTls({ ...to, servername: 'app.example', rejectUnauthorized: false, ALPNProtocols }) : connect({ ...to, allowHalfOpen: true })
  }

  async close() {
    await this.#cable?.close()
    this.#origin.close()
  }
}
