// Endpoints, requests, time and chance for tests of balancing: all of them as the test says. Knows no balancer.
import type { BalancedRequest, Balancer, Session, Sources } from '../../../src/upstream/balance/balancer.ts'
import { LiveEndpoint } from '../../../src/upstream/endpoint.ts'

export const endpointAt = (address: string): LiveEndpoint => new LiveEndpoint(address, { address, port: 80, tls: null, protocol: 'h1' })

/** 10.0.0.1, 10.0.0.2, and so on. */
export const endpoints = (count: number, from = 1): LiveEndpoint[] =>
  Array.from({ length: count }, (_, i) => endpointAt(`10.0.${(from + i) >> 8}.${(from + i) & 255}`))

export const weighted = (weights: readonly number[]): LiveEndpoint[] => endpoints(weights.length).map((endpoint, i) => Object.assign(endpoint, { weight: weights[i] }))

/** What the test sets `ms` to; chance from a seed (mulberry32), the same in each run. */
export function sources(seed = 1): Sources & { ms: number } {
  let state = seed
  const at = {
    ms: 1000,
    now: () => at.ms,
    random() {
      state = (state + 0x6d2b79f5) | 0
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
    },
  }
  return at
}

/** Every template comes out as `text`. */
export const request = (text = '', session: Session | null = null): BalancedRequest => ({ text: () => text, session })

/** A client that keeps its cookie from request to request. */
export class Client implements Session {
  key = ''
  renewals = 0
  readonly movesOnFailure: boolean
  constructor(movesOnFailure = false) { this.movesOnFailure = movesOnFailure }
  renew(key: string) {
    this.key = key
    this.renewals++
  }
}

/** Requests that each endpoint got, of `count` that came one after the other. */
export function shares(balancer: Balancer, count: number, ask: (i: number) => BalancedRequest = () => request()): Map<LiveEndpoint, number> {
  const got = new Map<LiveEndpoint, number>()
  for (let i = 0; i < count; i++) {
    const endpoint = balancer.pick([], ask(i))
    if (endpoint === undefined) throw new Error('nobody was picked')
    got.set(endpoint, (got.get(endpoint) ?? 0) + 1)
  }
  return got
}
