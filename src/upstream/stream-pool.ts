// HTTP/2 connections to an endpoint: few, each for many requests. Knows no routes and no balancing.
import type { ClientOptions, Target } from '../http/client.ts'
import type { OutputBuffers } from '../http/h2/output.ts'
import { H2ClientConnection, type H2ClientOwner } from '../http/h2-client.ts'
import type { Connection } from '../http/message.ts'

export type StreamPoolOptions = ClientOptions & { readonly buffers: OutputBuffers; readonly idleMs: () => number }

export class StreamPool implements H2ClientOwner {
  readonly #target: Target
  readonly #options: StreamPoolOptions
  readonly #connections: H2ClientConnection[] = []
  #retired = false

  constructor(target: Target, options: StreamPoolOptions) {
    this.#target = target
    this.#options = options
  }

  /**
   * A stream on the first connection that takes one more: the others fall idle and close. Repeatable or not: an upstream that closes tells
   * by GOAWAY which streams it has not touched (RFC 9113 §6.8).
   */
  take(): Connection {
    for (const connection of this.#connections) if (connection.capacity > 0) return connection.stream()
    return this.dial()
  }
  dial(): Connection {
    const connection = new H2ClientConnection(this.#target, this, this.#options)
    if (this.#retired) connection.retire()
    else this.#connections.unshift(connection)
    return connection.stream()
  }

  gone(connection: H2ClientConnection) {
    const at = this.#connections.indexOf(connection)
    if (at >= 0) this.#connections.splice(at, 1)
  }

  /** Nothing rests here that another pool could need the place of. */
  closeIdle() { return 0 }
  retire() {
    this.#retired = true
    for (const connection of this.#connections.splice(0)) connection.retire()
  }
}
