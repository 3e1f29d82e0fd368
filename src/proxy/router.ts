// The table as a Hono router: host (exact, wildcard, none), then the first route whose path matches. Knows no policies: a chain is made
// by what it is given, when its host is first asked for.
import type { Result, Router } from 'hono/router'
import type { H, RouterRoute } from 'hono/types'
import { hostName } from '../http/h1/target.ts'
import type { Host, PathMatch, Route } from '../model.ts'
import { pathPattern } from '../policies/path-pattern.ts'

type Found = Result<[H, RouterRoute]>
/** A request that wants a route. `routed` is told the finding before Hono calls the handler. */
export interface Routable {
  readonly exchange: { readonly request: { readonly host: string; readonly path: string } }
  routed(route: Route | null): void
}
export type RouterOptions = {
  readonly host: (name: string) => Host | undefined
  readonly fallback: () => Route | null
  readonly chain: (route: Route) => H
  /** Handler where nothing matches. */
  readonly none: H
}

type Compiled = { readonly route: Route; readonly matches: (path: string) => boolean; readonly found: Found }
type CompiledHost = { readonly exact: ReadonlyMap<string, Compiled>; readonly others: readonly Compiled[] }

export class TableRouter implements Router<[H, RouterRoute]> {
  readonly name = 'TableRouter'
  /** Hono passes two strings; the request behind them is noted by getPath, in the same synchronous call. */
  current: Routable | null = null
  readonly #options: RouterOptions
  readonly #hosts = new Map<string, CompiledHost>()
  readonly #none: Found
  #fallback: Compiled | null = null

  constructor(options: RouterOptions) {
    this.#options = options
    this.#none = found(options.none, '*')
  }

  add() { throw new TypeError('routes come from the table') }

  match(_method: string, path: string): Found {
    const request = this.current!
    const compiled = this.#find(request.exchange.request.host, path)
    request.routed(compiled === null ? null : compiled.route)
    return compiled === null ? this.#none : compiled.found
  }

  /** The host changed or is gone: its chains are made anew when asked for. */
  forget(host: string) { this.#hosts.delete(host) }
  forgetAll() {
    this.#hosts.clear()
    this.#fallback = null
  }

  #find(host: string, path: string): Compiled | null {
    const compiled = this.#hosts.get(host) ?? this.#hostOf(hostName(host))
    return (compiled === null ? null : matchPath(compiled, path)) ?? this.#fallbackRoute()
  }

  #hostOf(name: string): CompiledHost | null {
    return this.#compiled(name) ?? this.#compiled(`*${name.slice(name.indexOf('.'))}`) ?? this.#compiled('')
  }

  #compiled(name: string): CompiledHost | null {
    const before = this.#hosts.get(name)
    if (before !== undefined) return before
    const host = this.#options.host(name)
    if (host === undefined) return null
    const routes = host.routes.map((route) => this.#compile(route))
    const exact = new Map(routes.filter(({ route }) => route.path.kind === 'exact').map((each) => [each.route.path.value, each]))
    const compiled = { exact, others: routes.filter(({ route }) => route.path.kind !== 'exact') }
    this.#hosts.set(name, compiled)
    return compiled
  }

  #compile(route: Route): Compiled {
    return { route, matches: matcher(route.path), found: found(this.#options.chain(route), route.path.value) }
  }

  #fallbackRoute(): Compiled | null {
    const route = this.#options.fallback()
    if (route === null) return null
    if (this.#fallback?.route !== route) this.#fallback = this.#compile(route)
    return this.#fallback
  }
}

const matchPath = ({ exact, others }: CompiledHost, path: string): Compiled | undefined => {
  if (exact.size > 0) {
    const equal = exact.get(path)
    if (equal !== undefined) return equal
  }
  for (let i = 0; i < others.length; i++) if (others[i]!.matches(path)) return others[i]
  return undefined
}

/** `*` is OPTIONS' own target: it concerns the host, so the shortest prefix answers. */
const matcher = ({ kind, value }: PathMatch): ((path: string) => boolean) => {
  if (kind === 'exact') return (path) => path === value
  if (kind === 'regex') { const pattern = pathPattern(value); return (path) => pattern.test(path) }
  if (value === '') return () => true
  return (path) => path.startsWith(value) && (path.length === value.length || path.charCodeAt(value.length) === SLASH)
}
const SLASH = 47

/** The shape in which Hono's dispatch finds exactly one handler, and so calls it without composing. */
const found = (handler: H, path: string): Found => [[[[handler, { basePath: '/', path, method: 'ALL', handler }], {}]]]
