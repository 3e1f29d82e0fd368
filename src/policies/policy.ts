// What a policy is: a factory from a route's options to one Hono step. Work that does not depend on the request is done in the factory.
// A step is synchronous unless it must wait: a chain without waits ends in the same turn (hotpath.md §3).
import type { Context } from 'hono'
import type { FieldBlock } from '../http/fields.ts'
import type { Exchange } from '../http/message.ts'
import type { Policies, Route } from '../model.ts'

/** A request with its route: what steps may read and set. It is Hono's `c.env`. */
export interface RoutedRequest {
  readonly exchange: Exchange
  readonly route: Route
  /** Normalised path, without query: what the route matched. */
  readonly path: string
  /** How the client reached us: over TLS, or what a trusted proxy in front says. */
  readonly scheme: 'http' | 'https'
  /** `host[:port]` as the client knows us: Host, or what a trusted proxy in front says. */
  readonly host: string
  /** Path and query for the upstream; a rewrite sets it. */
  upstreamTarget: string
  /** Host for the upstream; null: the client's. */
  upstreamHost: string | null
  /** Fields that tell the upstream of the client's certificate. */
  clientFields: FieldBlock
}
export type Env = { Bindings: RoutedRequest }
export type RouteContext = Context<Env>

/** Hono's middleware signature without the promise. `forwarded` is what a step returns when others answer. */
export type Step = (c: RouteContext, next: () => StepResult) => StepResult
export type StepResult = Response | Promise<Response>

export type Policy<K extends keyof Policies> = (options: NonNullable<Policies[K]>, route: Route) => Step
