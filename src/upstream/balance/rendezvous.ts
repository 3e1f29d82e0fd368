// Rendezvous hashing (highest random weight): each endpoint draws a number for each key, the highest wins. An endpoint that leaves gives
// up its own keys alone, one that comes takes its share of each; no memory, and the same in every worker and instance, as only names count.
import type { LiveEndpoint } from '../endpoint.ts'
import { isUsable } from './balancer.ts'

/** Of a text, 32 bits: FNV-1a over its UTF-16 units, mixed. The same everywhere and in every version: it stands behind cookies of clients. */
export function hashOf(text: string): number {
  let hash = 0x811c_9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x0100_0193)
  return mixed(hash)
}

/** Every bit of the result depends on every bit of `hash` (the finaliser of MurmurHash3). */
const mixed = (hash: number): number => {
  const once = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b)
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2_ae35)
  return (twice ^ (twice >>> 16)) >>> 0
}

type Seat = { readonly endpoint: LiveEndpoint; readonly seed: number }

export class Rendezvous {
  #seats: Seat[] = []

  set(endpoints: readonly LiveEndpoint[]) { this.#seats = endpoints.map((endpoint) => ({ endpoint, seed: hashOf(endpoint.name) })) }

  /** The key's endpoint; where that is tried or out, the one that has the next claim to the key. */
  pick(key: string, tried: readonly LiveEndpoint[]): LiveEndpoint | undefined { return this.#highest(hashOf(key), tried, ABOVE_ALL)?.endpoint }

  /** One of the `size` endpoints with the best claims to the key. */
  pickOf(key: string, tried: readonly LiveEndpoint[], { size, random }: { size: number; random: number }): LiveEndpoint | undefined {
    const hash = hashOf(key)
    let passed = Math.floor(random * Math.min(size, this.#seats.length))
    let seat = this.#highest(hash, tried, ABOVE_ALL)
    while (seat !== undefined && passed-- > 0) seat = this.#highest(hash, tried, mixed(hash ^ seat.seed)) ?? seat
    return seat?.endpoint
  }

  /** The highest draw below that one. */
  #highest(hash: number, tried: readonly LiveEndpoint[], below: number): Seat | undefined {
    let best: Seat | undefined
    let highest = -1
    for (let i = 0; i < this.#seats.length; i++) {
      const seat = this.#seats[i]!
      const draw = mixed(hash ^ seat.seed)
      if (draw <= highest || draw >= below || !isUsable(seat.endpoint, tried)) continue
      highest = draw
      best = seat
    }
    return best
  }
}
const ABOVE_ALL = 2 ** 32
