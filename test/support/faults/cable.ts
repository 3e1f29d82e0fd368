// A wire between the program and an honest peer that breaks at a chosen octet: for the program the peer is what fails. Knows no protocol,
// so that clients, upstreams, TLS and tunnels all fail by the same instrument.
import { connect, createServer, type Socket } from 'node:net'
import { random } from '../../differential/mutate.ts'
import { changes, type Changes } from '../until.ts'
import { listening } from './loopback.ts'

/**
 * What the program sees of its peer from that octet on. half-close, stall and garbage leave the way back open; `close` comes a turn of the
 * event loop later, `garbage` in place of what would follow.
 */
export const FAULTS = ['reset', 'half-close', 'close', 'stall', 'garbage'] as const
/** After `at` octets that went to the program, or came from it. */
export type Fault = { readonly kind: (typeof FAULTS)[number]; readonly flow: 'to' | 'from'; readonly at: number }

export type Cable = {
  readonly port: number
  /** For connections from now on; null: it holds. Setting it starts the counts anew. */
  lay(fault: Fault | null): void
  /** Octets to and from the program, and how often the fault struck, since `lay`. */
  readonly passed: Readonly<Record<'to' | 'from' | 'struck', number>>
  when: Changes['when']
  /** Ends what stands, and resolves when the program has let go of it too, or did not in time. */
  cut(): Promise<void>
  close(): Promise<void>
}
export type CableOptions = {
  readonly to: number
  /** Which end is the program: who calls (the cable stands before an upstream), or who is called (before the program). */
  readonly program: 'caller' | 'callee'
}

/** More than a head of frames or a TLS record's needs, and every octet there is. */
const GARBAGE_OCTETS = 300
const LET_GO_MS = 1_000

export async function cable({ to, program }: CableOptions): Promise<Cable> {
  const { notify, when } = changes()
  const splices = new Set<Splice>()
  const passed = { to: 0, from: 0, struck: 0 }
  let fault: Fault | null = null
  const server = createServer({ allowHalfOpen: true }, (accepted) => {
    const called = connect({ port: to, host: '127.0.0.1', allowHalfOpen: true })
    const ends = program === 'callee' ? { program: called, peer: accepted } : { program: accepted, peer: called }
    const gone = (splice: Splice) => { splices.delete(splice); notify() }
    splices.add(new Splice({ ...ends, fault, passed, gone }))
  })
  const port = await listening(server)
  const cut = async () => {
    for (const splice of splices) splice.end()
    await when(() => splices.size === 0, LET_GO_MS)
    for (const splice of splices) splice.destroy()
  }
  return {
    port, passed, when, cut,
    lay: (next) => { fault = next; passed.to = passed.from = passed.struck = 0 },
    close: () => new Promise((resolve) => {
      for (const splice of splices) splice.destroy()
      server.close(() => resolve())
    }),
  }
}

type SpliceOptions = {
  readonly program: Socket
  readonly peer: Socket
  readonly fault: Fault | null
  readonly passed: Record<'to' | 'from' | 'struck', number>
  readonly gone: (splice: Splice) => void
}

/** One connection, end to end. */
class Splice {
  readonly #options: SpliceOptions
  readonly #octets = { to: 0, from: 0 }
  #struck = false
  /** The test lets go: neither end is told of the other any more. */
  #over = false

  constructor(options: SpliceOptions) {
    this.#options = options
    const { program, peer, fault } = options
    this.#join(peer, program, (bytes) => this.#carry('to', bytes))
    this.#join(program, peer, (bytes) => this.#carry('from', bytes))
    program.on('close', () => { peer.destroy(); options.gone(this) })
    if (fault?.at === 0) program.connecting ? program.once('connect', () => this.#strike()) : this.#strike()
  }

  #join(from: Socket, to: Socket, carry: (bytes: Buffer) => void) {
    from.on('data', carry)
    from.on('end', () => { if (!from.destroyed && !this.#deaf(from)) to.end() }) // a local destroy() emits it too (bun.md §1.2)
    from.on('error', () => { if (!this.#deaf(from)) to.resetAndDestroy(); from.destroy() })
    from.on('close', () => { if (!this.#deaf(from)) to.destroySoon() })
  }
  /** What the peer does behind the fault does not reach the program. */
  #deaf(from: Socket) { return from === this.#options.peer && (this.#struck || this.#over) }

  #carry(flow: 'to' | 'from', bytes: Buffer) {
    const { program, peer, fault, passed } = this.#options
    if (flow === 'to' && this.#struck) return
    const left = fault?.flow === flow && !this.#struck ? fault.at - this.#octets[flow] : Infinity
    const through = flow === 'to' ? bytes.subarray(0, left) : bytes
    this.#octets[flow] += through.length
    passed[flow] += through.length
    const onward = flow === 'to' ? program : peer
    onward.write(through)
    if (bytes.length >= left) this.#strike()
  }

  #strike() {
    const { program, peer, fault, passed } = this.#options
    this.#struck = true
    passed.struck++
    switch (fault?.kind) {
      case 'reset': program.resetAndDestroy(); return void peer.destroy()
      case 'close': return void setImmediate(() => { program.destroy(); peer.destroy() })
      case 'half-close': return void program.end()
      case 'garbage': return void program.write(garbage(fault.at))
    }
  }

  /** FIN to the program, whatever was the fault. */
  end() {
    this.#over = true
    this.#options.program.end()
    this.#options.program.resume()
  }
  destroy() {
    this.#options.program.destroy()
    this.#options.peer.destroy()
  }
}

const garbage = (seed: number): Buffer => {
  const draw = random(seed)
  return Buffer.from(Array.from({ length: GARBAGE_OCTETS }, () => draw(256)))
}
