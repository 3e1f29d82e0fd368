// From a request to its handler and through it: the table as a router, and Hono with chains of some steps, folded as proxy/chain.ts does.
import { Hono } from 'hono'
import type { Host, Route } from '../../../src/model.ts'
import type { Env, Step } from '../../../src/policies/policy.ts'
import { TableRouter } from '../../../src/proxy/router.ts'
import { hostsOf } from '../site.ts'
import type { Piece } from './timing.ts'

const route = (id: string): Route => ({
  id, ingress: 'd/i', path: { kind: 'prefix', value: '' }, backend: 'd/s:80', upstreamName: 'd-s-80',
  policies: { timeouts: { connectMs: 1, sendMs: 1, readMs: 1, requestMs: 0 }, retry: { on: [], tries: 1, timeoutMs: 0 } },
})
const answer = new Response(null)
const tableOf = (names: readonly string[]) => new Map<string, Host>(names.map((name) => [name, { routes: [route(name)], certificate: null }]))
/** A prime: names come in an order that no cache foresees. */
const STRIDE = 7_919

const routing = (hosts: number): Piece => {
  const names = hostsOf({ hosts })
  const table = tableOf(names)
  const router = new TableRouter({ host: (name) => table.get(name), fallback: () => null, chain: () => () => answer, none: () => answer })
  const requests = names.map((host) => ({ exchange: { request: { host, path: '/tea' } }, routed: () => {} }))
  for (const request of requests) {
    router.current = request
    router.match('GET', '/tea')
  }
  return { name: `router: ${hosts} hosts`, run: (n) => {
    router.current = requests[n * STRIDE % requests.length]!
    return router.match('GET', '/tea')
  } }
}

const chain = (steps: number): Piece => {
  const passing = Array.from({ length: steps - 1 }, (): Step => (_, next) => next())
  const folded = passing.reduceRight<Step>((rest, each) => (c, next) => each(c, () => rest(c, next)), () => answer)
  const table = tableOf(hostsOf({ hosts: 1 }))
  const router = new TableRouter({ host: (name) => table.get(name), fallback: () => null, chain: () => (c) => folded(c as Parameters<Step>[0], () => answer), none: () => answer })
  const [host = ''] = table.keys()
  const request = { exchange: { request: { host, path: '/tea' } }, routed: () => {} }
  const app = new Hono<Env>({ router, getPath: () => {
    router.current = request
    return '/tea'
  } })
  // Hono reads no more of a request than this (hono.md §2).
  const view = { method: 'GET', url: `http://${host}/tea` } as Request
  return { name: `Hono with the table and a chain of ${steps}`, run: () => app.fetch(view) }
}

export const routers = (): Piece[] => [...[1, 5_000, 50_000].map(routing), ...[1, 6, 12].map(chain)]
