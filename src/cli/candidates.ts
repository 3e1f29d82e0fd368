// Who answers a request, who would if that one were not there, and so on: asked of the router that serves, with ever fewer routes. Knows
// nothing of how a path or a host matches.
import type { Host, Route } from '../model.ts'
import { TableRouter } from '../proxy/router.ts'

export type Routed = { readonly host: string; readonly path: string }
type Routes = { readonly hosts: ReadonlyMap<string, Host>; readonly fallback: Route | null }
/** host: key in the table. */
export type Candidate = { readonly host: string; readonly route: Route }
export type Candidates = {
  /** The host that is asked; undefined: nobody has this one. */
  readonly host: string | undefined
  /** null: no route of that host matches; then `fallback` answers, or nobody. */
  readonly winner: Candidate | null
  /** In the order in which they would answer. */
  readonly losers: readonly Candidate[]
}

export function candidates({ hosts, fallback }: Routes, request: Routed): Candidates {
  const left = new Map(hosts)
  const matching: Candidate[] = []
  const first = ask({ hosts: left, fallback }, request)
  for (let found = first; found.host !== undefined; found = ask({ hosts: left, fallback }, request)) {
    const { host, route } = found
    const asked = left.get(host)
    if (asked === undefined || route === null || route === fallback) left.delete(host)
    else {
      matching.push({ host, route })
      left.set(host, { ...asked, routes: asked.routes.filter((each) => each !== route) })
    }
  }
  const [winner] = matching
  const hasWinner = winner !== undefined && winner.route === first.route
  return { host: first.host, winner: hasWinner ? winner : null, losers: hasWinner ? matching.slice(1) : matching }
}

/** host: the last that the router asked for and got. */
function ask({ hosts, fallback }: Routes, request: Routed): { readonly host: string | undefined; readonly route: Route | null } {
  const found: { host: string | undefined; route: Route | null } = { host: undefined, route: null }
  const never = () => new Response()
  const router = new TableRouter({
    host: (name) => {
      const host = hosts.get(name)
      if (host !== undefined) found.host = name
      return host
    },
    fallback: () => fallback,
    chain: () => never,
    none: never,
  })
  router.current = { exchange: { request }, routed: (route) => { found.route = route } }
  router.match('GET', request.path)
  return found
}
