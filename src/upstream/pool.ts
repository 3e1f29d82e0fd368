// HTTP/1 connections to an endpoint: each carries one request at a time and rests until the next. Knows no routes and no balancing.
import { ClientConnection, type ClientOwner } from '../http/client.ts'
import type { Target } from '../http/dial.ts'
import { type EndpointPool, type PoolOwner, restMs } from './endpoint-pool.ts'
import type { PoolStats } from '../telemetry/pool-stats.ts'

/**
 * A request that can't be repeated takes a connection only if it has rested for less than this, and nothing has come on it: then it is lost
 * only where the upstream closes while it is on its way. Servers close idle connections after a second at the earliest (gunicorn 2 s, Node 5 s);
 * those that do it sooner mostly say so (Keep-Alive).
 */
const SURE_MS = 500

export class Pool implements ClientOwner, EndpointPool {
  readonly target: Target
  readonly stats: PoolStats
  readonly #owner: PoolOwner
  /** The last one was used last. */
  readonly #idle: ClientConnection[] = []
  #retired = false

  constructor(target: Target, stats: PoolStats, owner: PoolOwner) {
    this.target = target
    this.stats = stats
    this.#owner = owner
  }

  /**
   * The connection that was used last, or a new one. Never one on which something has come, known or not: a FIN would lose the request, and
   * octets would be taken for its answer.
   */
  take(repeatable: boolean): ClientConnection {
    for (;;) {
      const last = this.#idle.at(-1)
      if (last === undefined || (!repeatable && performance.now() - last.restsSinceMs >= SURE_MS)) return this.dial()
      if (last.quiet) return this.#use(last)
      last.cancel() // and so it leaves #idle
    }
  }
  #use(last: ClientConnection): ClientConnection {
    this.#idle.pop()
    this.stats.idled(-1)
    this.stats.hit()
    return last
  }
  for() { return this }
  dial(): ClientConnection {
    this.stats.miss()
    return new ClientConnection(this.target, this, this.#owner.options)
  }

  stood() { this.stats.stood() }

  idle(connection: ClientConnection) {
    const ms = restMs(connection, this.#owner)
    if (this.#retired || ms <= 0) return connection.cancel()
    connection.rest(ms)
    this.#idle.push(connection)
    this.stats.idled(1)
    if (this.#idle.length > this.#owner.limits.idlePerEndpoint) this.closeIdle(1)
    this.#owner.idled()
  }

  gone(connection: ClientConnection) {
    this.stats.gone(connection.standing)
    const at = this.#idle.lastIndexOf(connection)
    if (at < 0) return
    this.#idle.splice(at, 1)
    this.stats.idled(-1)
  }

  closeIdle(count: number): number {
    const oldest = this.#idle.slice(0, count)
    for (const connection of oldest) {
      this.stats.evicted()
      connection.cancel()
    }
    return oldest.length
  }

  retire() {
    this.#retired = true
    for (const connection of [...this.#idle]) connection.cancel()
  }
}
