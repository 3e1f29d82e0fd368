// Connections of one client, whatever is spoken on them: counted when it is known who the client is, before a head is read. Knows no protocol, and
// not how it is counted.
import type { Socket } from 'node:net'
import { octetsOf } from './address.ts'
import { turnAway } from './turn-away.ts'

/** exempt: who carries others, and may have as many as it likes; null: nobody. */
export type ClientRule = { readonly connections: number; readonly exempt: ((address: string) => boolean) | null }

export type ClientLimitOptions = {
  /** Of all workers together; see machine/client-counts.ts. */
  readonly counts: { enter(client: string, limit: number): boolean; leave(client: string): void }
  /** A connection was reset: for the metrics. */
  readonly refused: () => void
}

export class ClientLimit {
  /** null: there is no limit, and nobody is counted. */
  rule: ClientRule | null = null
  readonly #options: ClientLimitOptions

  constructor(options: ClientLimitOptions) { this.#options = options }

  /** False: it has as many as it may, and this one is gone. Once for each connection. */
  admits(socket: Socket, address: string): boolean {
    if (this.rule === null || this.rule.exempt?.(address) === true) return true
    const { counts, refused } = this.#options
    const client = networkOf(address)
    if (counts.enter(client, this.rule.connections)) {
      socket.once('close', () => { counts.leave(client) })
      return true
    }
    refused()
    turnAway(socket)
    return false
  }
}

/** Octets of an IPv6 address that one customer of a provider has to itself (RFC 6177 §2): who may choose the others has 2^64 addresses. */
const NETWORK_OCTETS = 8

const networkOf = (address: string): string => {
  const octets = address.includes(':') ? octetsOf(address) : null
  return octets === null || octets.length < 2 * NETWORK_OCTETS ? address : octets.toString('hex', 0, NETWORK_OCTETS)
}
