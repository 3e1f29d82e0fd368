// One endpoint of a backend as it lives: what balancing and health remember of it, from the first table that has it to the last.
// Knows no requests and no connections.
import type { Target } from '../http/client.ts'
import type { Weighted } from './balance.ts'

export class LiveEndpoint implements Weighted {
  /** Of its pool. */
  readonly key: string
  readonly target: Target
  /** For the log: `address:port`. */
  readonly name: string
  weight = 1
  // A random start: workers and backends that begin together must not send their first requests to the same endpoint.
  current = Math.random()
  /** Attempts on their way, tunnels too. */
  active = 0

  constructor(key: string, target: Target) {
    const { address, port } = target
    this.key = key
    this.target = target
    this.name = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
  }

  /** An attempt goes to it. */
  began() { this.active++ }

  /** That attempt is over. error: ProxyError.code, `` where all went well. headMs: until the head of the answer, 0 where none came. */
  ended(_outcome: { readonly status: number; readonly headMs: number; readonly error: string }) { this.active-- }
}
