// What the copies of a worker's requests share: their bounds, and connections to their targets. Knows no requests.
import { isIP } from 'node:net'
import { LRUCache } from 'lru-cache'
import type { Target } from '../http/dial.ts'
import type { Connection } from '../http/message.ts'
import type { Mirror } from '../model.ts'
import { type Pools, poolKey } from '../upstream/pools.ts'

/** Copies at once: those whose target hangs end with their read timeout, and must not gather until then. */
const MOST_COPIES = 128
/** Octets of bodies that all copies hold, until their answers have come. */
const HELD_BYTES = 16 << 20
/** Targets whose connections are kept. */
const MOST_TARGETS = 64

/** Why a copy was dropped: a bound that it would have passed, or ProxyError.code of its exchange. */
export type DropReason = 'copies' | 'held' | 'body' | 'target' | 'cut' | (string & {})

export class Mirrors {
  readonly dropped: (reason: DropReason) => void
  readonly #pools: Pools
  readonly #targets: LRUCache<string, Target>
  #copies = 0
  #held = 0

  constructor(pools: Pools, dropped: (reason: DropReason) => void) {
    this.dropped = dropped
    this.#pools = pools
    this.#targets = new LRUCache<string, Target>({ max: MOST_TARGETS, disposeAfter: (_, key) => pools.release(key) })
  }

  /** One more copy; false: there are too many. */
  enter(): boolean {
    if (this.#copies === MOST_COPIES) return false
    this.#copies++
    return true
  }
  /** One less, which held so much. */
  leave(octets: number) {
    this.#copies--
    this.#held -= octets
  }
  /** False: together they hold too much. */
  hold(octets: number): boolean {
    this.#held += octets
    return this.#held <= HELD_BYTES
  }

  /** A connection that nothing has come on: a copy is not sent a second time. */
  connectionTo({ address, port, tls }: Mirror): Connection {
    const target: Target = { address, port, tls: tls ? { serverName: isIP(address) === 0 ? address : '' } : null, protocol: 'h1' }
    const key = `mirror|${poolKey(target)}`
    if (this.#targets.get(key) === undefined) {
      this.#pools.use(key)
      this.#targets.set(key, target)
    }
    return this.#pools.to({ key, target, service: `mirror/${address}:${port}` }).take(false)
  }
}
