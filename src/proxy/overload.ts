// What a worker takes on at once: connections, requests, tunnels, within what people set and what the machine has. Where memory or descriptors
// run short new work is refused down to a floor, what runs goes on, and idle connections go. Knows no socket.
import type { Clock, Expiring } from '../http/clock.ts'
import type { DoorReason } from '../http/doorstep.ts'
import { ProxyError } from '../http/message.ts'
import type { Descriptors } from '../machine/descriptors.ts'
import { type MemoryUse, share } from '../machine/memory.ts'
import type { Settings } from '../settings.ts'

/** How often it is looked: a flood of 10,000 connections a second takes some 10 MB meanwhile. */
const LOOK_MS = 100
/** And after so many connections: a fast machine takes thousands between two looks. One costs some 40 µs. */
const LOOK_CONNECTIONS = 64
/** It is over when so much of the limit has come free below what began it: else it would begin anew at once. */
const HYSTERESIS = 0.1
/** What is taken on at all events: a program that is large at rest serves slowly, and not never. */
const FLOOR_CONNECTIONS = 64
const FLOOR_REQUESTS = 16
/** A collection takes some 50 ms with a heap of 100 MB. */
const LOOKS_PER_COLLECTION = 10
/** So much work makes garbage that is worth a collection, once nothing has been under way for so many looks: then nobody waits for it. */
const BURST = 64
const LOOKS_OF_REST = 20
/** Of the connections, what is let go at each look where it is idle. */
const RELIEF_SHARE = 0.25

export type OverloadParts = {
  readonly clock: Clock
  readonly memory: { use(enough: number): MemoryUse }
  readonly descriptors: Descriptors
  /** Lets idle connections go: this share of those to clients, all of those to endpoints. */
  readonly relieve: (share: number) => void
  /** Looks for garbage, all of it, and gives its memory back. */
  readonly collect: () => void
  /** Memory runs short, or does no more: one line for people. */
  readonly note: (line: string) => void
}

export class Overload implements Expiring {
  dueTick = 0
  slotTick = 0
  readonly #parts: OverloadParts
  #most: Most
  #memoryShort = false
  /** Looks that found it so. */
  #looksShort = 0
  /** Connections since the last look. */
  #arrived = 0
  /** Connections and requests since the last collection; at the last look. */
  #work = 0
  #workSeen = 0
  #looksAtRest = 0
  #requests = 0
  #tunnels = 0

  constructor(settings: Settings, parts: OverloadParts) {
    this.#parts = parts
    this.#most = mostOf(settings)
    parts.clock.arm(this, LOOK_MS)
  }

  configure(settings: Settings) {
    this.#most = mostOf(settings)
  }

  get memoryShort() { return this.#memoryShort }

  /** For the doorstep, of a connection that comes. */
  door(): { readonly connections: number; readonly reason: DoorReason } {
    this.#work++
    if (!this.#memoryShort && ++this.#arrived >= LOOK_CONNECTIONS) this.#lookAtMemory()
    const { connections } = this.#most
    const most = Math.min(connections, this.#parts.descriptors.clientsBelow)
    if (this.#memoryShort) return { connections: Math.min(most, FLOOR_CONNECTIONS), reason: 'memory' }
    return { connections: most, reason: most < connections ? 'descriptors' : 'connections' }
  }

  /** A request begins: null, or why it is refused. Either way `leave` follows. upgrade: it wants to be a tunnel, and counts as one. */
  enter(upgrade: boolean): ProxyError | null {
    this.#work++
    if (upgrade ? ++this.#tunnels > this.#most.tunnels : ++this.#requests > this.#most.requests) return upgrade ? TOO_MANY_TUNNELS : TOO_MANY_REQUESTS
    if (this.#memoryShort && this.#requests + this.#tunnels > FLOOR_REQUESTS) return SHORT_OF_MEMORY
    return this.#parts.descriptors.mayOpen() ? null : this.#withoutDescriptor()
  }
  leave(upgrade: boolean) {
    if (upgrade) this.#tunnels--
    else this.#requests--
  }

  #withoutDescriptor(): ProxyError | null {
    this.#parts.relieve(0)
    return this.#parts.descriptors.mayOpen() ? null : SHORT_OF_DESCRIPTORS
  }

  expired() {
    this.#parts.descriptors.look()
    this.#lookAtMemory()
    this.#tidy()
    this.#parts.clock.arm(this, LOOK_MS)
  }

  #lookAtMemory() {
    this.#arrived = 0
    const { memoryShare } = this.#most
    const use = this.#parts.memory.use(memoryShare - HYSTERESIS)
    const wasShort = this.#memoryShort
    this.#memoryShort = share(use) > (wasShort ? memoryShare - HYSTERESIS : memoryShare)
    if (this.#memoryShort) this.#makeRoom()
    if (this.#memoryShort === wasShort) return
    const part = `${mebibytes(use.usedBytes)} of ${mebibytes(use.limitBytes)} MiB in use`
    this.#parts.note(wasShort ? `memory is enough again, ${part}` : `memory is short, ${part}: new connections and requests are refused; raise the limit, or lower max-worker-connections`)
  }


  /** What has become garbage counts as used until it is looked for, and without traffic nobody looks. */
  #makeRoom() {
    this.#parts.relieve(RELIEF_SHARE)
    if (this.#looksShort++ % LOOKS_PER_COLLECTION === 0) this.#parts.collect()
  }

  /** The collector goes by what is allocated: without it a worker that rests would keep what a burst left (bun.md §1.8). */
  #tidy() {
    const rests = this.#requests + this.#tunnels === 0 && this.#work === this.#workSeen
    this.#workSeen = this.#work
    this.#looksAtRest = rests ? this.#looksAtRest + 1 : 0
    if (this.#work < BURST || this.#looksAtRest < LOOKS_OF_REST) return
    this.#work = this.#workSeen = this.#looksAtRest = 0
    this.#parts.collect()
  }
}

type Most = { readonly connections: number; readonly requests: number; readonly tunnels: number; readonly memoryShare: number }
const mostOf = (settings: Settings): Most => ({
  connections: settings['max-worker-connections'],
  requests: settings['max-worker-requests'] || Infinity,
  tunnels: settings['max-worker-tunnels'] || Infinity,
  memoryShare: settings['max-memory-percent'] === 0 ? Infinity : settings['max-memory-percent'] / 100,
})

const mebibytes = (bytes: number) => Math.round(bytes / 2 ** 20)

const refusal = (code: string, message: string) => new ProxyError('internal', code, { status: 503, message })
const TOO_MANY_REQUESTS = refusal('limit_worker_requests', 'too many requests at once')
const TOO_MANY_TUNNELS = refusal('limit_worker_tunnels', 'too many tunnels at once')
const SHORT_OF_MEMORY = refusal('short_memory', 'short of memory')
const SHORT_OF_DESCRIPTORS = refusal('short_descriptors', 'short of descriptors')
