// All that Ingresses want for one host → its routes in the order of trial, its certificate, and who lost. Knows nothing of
// Services or of what is in a Secret.
import type { Alternative, Host, Issue, PathMatch, Policies, Route } from '../model.ts'
import { upstreamName } from './backend-ref.ts'
import { joinCanaries } from './canary-routes.ts'
import type { BackendRef, Draft, HostDraft } from './draft.ts'
import type { HostCertificate } from './host-certificate.ts'
import type { HostHandshake } from './host-handshake.ts'
import { compareText } from './issues.ts'
import { comparePaths, pathText } from './paths.ts'

export type AssembledHost = {
  /** undefined: only canaries want it, which are never routed alone. */
  readonly host: Host | undefined
  /** Of the routes that made it. */
  readonly backends: readonly BackendRef[]
  readonly issues: readonly Issue[]
}
/** What is settled of its TLS. */
export type HostTls = { readonly certificate: Omit<HostCertificate, 'issues'>; readonly handshake: HostHandshake }
type Claim = { readonly owner: HostDraft; readonly draft: Draft }

/** `contributors`: oldest first. */
export function assembleHost(name: string, contributors: readonly HostDraft[], tls: HostTls): AssembledHost {
  const { certificate: { certificate, second }, handshake: { handshake, issues: tlsIssues } } = tls
  const mains = contributors.filter(({ isCanary }) => !isCanary)
  const { winners, issues } = settle(name, mains)
  const canaries = joinCanaries(name, contributors, winners)
  const ofHost = hostPolicies(tls.handshake)
  const routes = winners.map((draft) => withAlternatives(withPolicies(certificate === null ? draft.route : overTls(draft), ofHost), canaries.alternatives.get(draft)))
  const passed = winners.find(({ passthrough }) => passthrough !== undefined)?.passthrough
  const passthrough = passed && { backend: passed.key, upstreamName: upstreamName(passed) }
  return {
    host: mains.length === 0 ? undefined : { routes, certificate, ...(passthrough && { passthrough }), ...(second !== undefined && { secondCertificate: second }), ...(handshake !== undefined && { handshake }) },
    backends: [...winners.flatMap(({ backend, errorBackend }) => [backend ?? [], errorBackend ?? []].flat()), ...canaries.backends, ...(passed ? [passed] : [])],
    issues: [...issues, ...canaries.issues, ...tlsIssues],
  }
}

/** Older creationTimestamp, then namespace/name. */
export function compareAge(a: HostDraft, b: HostDraft): number {
  return compareText(a.creationTimestamp, b.creationTimestamp) || compareText(a.object, b.object)
}

/** One claim for each path and kind: explicit ones before default backends, then the oldest. */
function settle(name: string, contributors: readonly HostDraft[]) {
  const claims = contributors.flatMap((owner) => owner.drafts.map((draft) => ({ owner, draft })))
  const winners = new Map<string, Claim>()
  const issues: Issue[] = []
  for (const claim of [...claims.filter(({ draft }) => !draft.isDefault), ...claims.filter(({ draft }) => draft.isDefault)]) {
    const { path } = claim.draft.route
    const key = `${path.kind}:${path.value}`
    const winner = winners.get(key)
    if (winner === undefined) winners.set(key, claim)
    else issues.push(conflict(name, winner, claim))
  }
  const drafts = [...winners.values()].map(({ draft }) => draft)
  return { winners: drafts.sort((a, b) => comparePaths(a.route.path, b.route.path)), issues }
}

function conflict(name: string, winner: Claim, loser: Claim): Issue {
  return {
    object: loser.owner.object,
    field: loser.draft.field,
    reason: `${placeOf(name, loser.draft.route.path)} belongs to ${winner.owner.object}: ignored here; remove one of the two`,
  }
}

/** How issues name the path of a host: `/a of host a.example`. */
export function placeOf(name: string, path: PathMatch): string {
  return `${pathText(path)} of ${name === '' ? 'the catch-all host' : `host ${name}`}`
}

function withAlternatives(route: Route, alternatives: readonly Alternative[] | undefined): Route {
  return alternatives === undefined ? route : { ...route, alternatives }
}

/** ingress-nginx's status where client certificates are asked for and nobody says which. */
const NO_AUTHORITY = 403

function hostPolicies({ client, denied }: HostHandshake): Pick<Policies, 'clientCertificate' | 'denied'> | undefined {
  if (denied !== undefined) return { denied: { reason: denied, status: NO_AUTHORITY } }
  return client === undefined ? undefined : { clientCertificate: client }
}

function withPolicies(route: Route, policies: Partial<Policies> | undefined): Route {
  return policies === undefined ? route : { ...route, policies: { ...route.policies, ...policies } }
}

function overTls({ route, redirectWithTls }: Draft): Route {
  return redirectWithTls === undefined ? route : { ...route, policies: { ...route.policies, httpsRedirect: redirectWithTls } }
}
