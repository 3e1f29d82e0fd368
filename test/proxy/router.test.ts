// The table as a Hono router: which route a host and path get, checked against a plain reading of the rules.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Host, Route } from '../../src/model.ts'
import { TableRouter } from '../../src/proxy/router.ts'

const route = (id: string, kind: Route['path']['kind'], value: string): Route => ({
  id, ingress: 'd/i', path: { kind, value }, backend: 'd/s:80', upstreamName: 'd-s-80', policies: { timeouts: { connectMs: 1, sendMs: 1, readMs: 1, requestMs: 0 }, retry: { on: [], tries: 1, timeoutMs: 0 } },
})
const fallback = route('fallback', 'prefix', '')

const routerOf = (hosts: ReadonlyMap<string, Host>, withFallback = false) => {
  const compiled: string[] = []
  const router = new TableRouter({
    host: (name) => hosts.get(name), fallback: () => withFallback ? fallback : null,
    chain: ({ id }) => { compiled.push(id); return () => new Response(id) }, none: () => new Response(null, { status: 404 }),
  })
  const ask = (host: string, path: string): string | null => {
    let found: string | null = null
    router.current = { exchange: { request: { host, path } }, routed: (hit) => { found = hit?.id ?? null } }
    router.match('GET', path)
    return found
  }
  return { router, compiled, ask }
}
const hostOf = (...routes: Route[]): Host => ({ routes, certificate: null })

test('host: exact, then one label of wildcard, then rules without a host; case, port and trailing dot do not matter', () => {
  const { ask } = routerOf(new Map([
    ['a.example', hostOf(route('exact', 'prefix', ''))], ['*.example', hostOf(route('wild', 'prefix', ''))], ['', hostOf(route('none', 'prefix', ''))],
  ]))
  expect(['a.example', 'A.Example:8080', 'a.example.', 'b.example', 'c.b.example', 'example', '[::1]:80'].map((host) => ask(host, '/')))
    .toEqual(['exact', 'exact', 'exact', 'wild', 'none', 'none', 'none'])
})

test('a known host without a matching path gets the fallback, not the rules without a host', () => {
  const hosts = new Map([['a.example', hostOf(route('tea', 'prefix', '/tea'))], ['', hostOf(route('none', 'prefix', ''))]])
  expect(routerOf(hosts).ask('a.example', '/')).toBeNull()
  expect(routerOf(hosts, true).ask('a.example', '/')).toBe('fallback')
})

test('a host is compiled when first asked for, and again only after it changed', () => {
  const { router, compiled, ask } = routerOf(new Map([['a', hostOf(route('a', 'prefix', ''))], ['b', hostOf(route('b', 'prefix', ''))]]))
  ask('a', '/')
  ask('a', '/x')
  expect(compiled).toEqual(['a'])
  router.forget('a')
  ask('a', '/')
  ask('b', '/')
  expect(compiled).toEqual(['a', 'a', 'b'])
})

test('paths agree with a plain reading of the rules on any table', () => {
  const segment = fc.constantFrom('a', 'b', 'ab')
  const path = fc.array(segment, { maxLength: 3 }).map((segments) => `/${segments.join('/')}`)
  const paths = fc.uniqueArray(fc.record({ kind: fc.constantFrom('exact' as const, 'prefix' as const), path }), { maxLength: 8, selector: ({ kind, path }) => kind + path })
  fc.assert(fc.property(paths, path, (rules, asked) => {
    const routes = rules.map(({ kind, path }) => route(`${kind}:${path}`, kind, kind === 'prefix' && path === '/' ? '' : path))
      .sort((a, b) => a.path.kind === b.path.kind ? b.path.value.length - a.path.value.length : a.path.kind === 'exact' ? -1 : 1)
    expect(routerOf(new Map([['h', hostOf(...routes)]])).ask('h', asked)).toBe(oracle(rules, asked))
  }), { numRuns: 2000 })
})

/** Kubernetes' words: Exact before Prefix, element by element, the longest. */
const oracle = (rules: readonly { kind: 'exact' | 'prefix'; path: string }[], asked: string): string | null => {
  const elements = (path: string) => path.split('/').filter((element) => element !== '')
  if (rules.some((rule) => rule.kind === 'exact' && rule.path === asked)) return `exact:${asked}`
  const prefixes = rules.filter(({ kind, path }) => kind === 'prefix' && elements(path).every((element, i) => elements(asked)[i] === element))
  const longest = prefixes.sort((a, b) => elements(b.path).length - elements(a.path).length)[0]
  return longest === undefined ? null : `prefix:${longest.path}`
}
