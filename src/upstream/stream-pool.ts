// HTTP/2 connections to an endpoint: few, each for many requests. Knows no routes and no balancing.
import type { Target } from '../http/dial.ts'
import type { OutputBuffers } from '../http/h2/output.ts'
import { H2ClientConnection, type H2ClientOwner } from '../http/h2-client.ts'
import type { Connection } from '../http/message.ts'
import { type EndpointPool, type PoolOwner, lifeMs, restMs } from './endpoint-pool.ts'
import type { PoolStats } from '../telemetry/pool-stats.ts'

export class StreamPool implements H2ClientOwner, EndpointPool {
  readonly target: Target
  readonly stats: PoolStats
  readonly #owner: PoolOwner
  readonly #buffers: OutputBuffers
  /** The first is the youngest. */
  readonly #connections: H2ClientConnection[] = []
  #retired = false

  constructor(target: Target, stats: PoolStats, { owner, buffers }: { readonly owner: PoolOwner; readonly buffers: OutputBuffers }) {
    this.target = target
    this.stats = stats
    this.#owner = owner
    this.#buffers = buffers
  }

  /**
   * A stream on the first connection that takes one more: the others fall idle and close. Repeatable or not: an upstream that closes tells
   * by GOAWAY which streams it has not touched (RFC 9113 §6.8).
   */
  take(): Connection {
    for (const connection of this.#connections) {
      if (connection.capacity === 0) continue
      if (lifeMs(connection, this.#owner) > 0) {
        this.stats.hit()
        return connection.stream()
      }
      connection.retire() // which may take it out of this list
      return this.take()
    }
    return this.dial()
  }
  for() { return this }
  dial(): Connection {
    this.stats.miss()
    const connection = new H2ClientConnection(this.target, this, { ...this.#owner.options, buffers: this.#buffers })
    this.#connections.unshift(connection)
    return connection.stream()
  }

  stood() { this.stats.stood() }
  woke() { this.stats.idled(-1) }

  idle(connection: H2ClientConnection) {
    const ms = restMs(connection, this.#owner)
    if (this.#retired || ms <= 0) return connection.retire()
    connection.rest(ms)
    this.stats.idled(1)
    if (this.stats.idle > this.#owner.limits.idlePerEndpoint) this.closeIdle(1)
    this.#owner.idled()
  }

  gone(connection: H2ClientConnection) {
    this.stats.gone(connection.standing)
    if (connection.resting) this.stats.idled(-1)
    this.#connections.splice(this.#connections.indexOf(connection), 1)
  }

  closeIdle(count: number): number {
    const oldest = this.#connections.filter(({ resting }) => resting).slice(-count)
    for (const connection of oldest) {
      this.stats.evicted()
      connection.retire()
    }
    return oldest.length
  }

  retire() {
    this.#retired = true
    for (const connection of [...this.#connections]) connection.retire()
  }
}
