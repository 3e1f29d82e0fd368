// Why a URL is answered as it is, from a table. Knows no output and no place where tables come from.
import { absoluteTarget } from '../http/h1/target.ts'
import type { PathMatch, Policies, Route } from '../model.ts'
import { certificateFor } from '../proxy/certificates.ts'
import { FlagError } from '../settings.ts'
import { placeOf } from '../table/host.ts'
import { pathText } from '../table/paths.ts'
import { candidates, type Candidate } from './candidates.ts'
import type { TableView } from './table-view.ts'

/** state: `well`, or what workers and active checks say of it; `unknown` where none run. */
export type EndpointState = { readonly address: string; readonly port: number; readonly state: string }
export type BackendState = { readonly backend: string; readonly protocol: string; readonly endpoints: readonly EndpointState[] }
/** host: `` for rules without one. In the order in which they would answer. */
export type Lost = { readonly host: string; readonly path: string; readonly ingress: string; readonly why: string }
/** The JSON form. answer: null where nobody answers, with `hint` as to why. */
export type Explanation = {
  readonly url: string
  readonly path: string
  readonly answer: {
    readonly host: string
    readonly path: PathMatch
    /** `namespace/name`; `` for --default-backend-service. */
    readonly ingress: string
    readonly policies: Policies
    /** First the main one, then canaries. Empty where the route answers by itself. */
    readonly backends: readonly BackendState[]
  } | null
  readonly hint: string
  /** null for http. id: `namespace/secret`, `` for the default one. */
  readonly certificate: { readonly id: string; readonly subject: string; readonly notAfter: string; readonly names: readonly string[] } | null
  readonly lost: readonly Lost[]
  /** Of the Ingress that answers. */
  readonly issues: readonly { readonly field: string; readonly reason: string }[]
}

/** Throws FlagError where the URL is none that a client could ask for. */
export function explanation(url: string, table: TableView): Explanation {
  const { host, path, tls } = requestOf(url)
  const found = candidates(table, { host, path })
  const answering: Candidate | null = found.winner ?? (table.fallback && { host: found.host ?? '', route: table.fallback })
  const ingress = answering?.route.ingress ?? ''
  return {
    url,
    path,
    answer: answering === null ? null : answerOf(answering, table),
    hint: found.winner === null ? hintOf(found.host, table) : '',
    certificate: tls ? certificateOf(host, table) : null,
    lost: [...contenders(found.winner, table), ...found.losers.map((loser) => lostTo(found.winner, loser, found.host ?? ''))],
    issues: table.issues.filter(({ object }) => ingress !== '' && object === `Ingress ${ingress}`).map(({ field, reason }) => ({ field, reason })),
  }
}

/** As the server reads it: a fragment is never sent. */
function requestOf(url: string): { readonly host: string; readonly path: string; readonly tls: boolean } {
  const whole = (url.includes('://') ? url : `http://${url}`).replace(/#.*$/s, '')
  const read = absoluteTarget(whole, 'GET')
  if ('fault' in read || read.host === null) throw new FlagError(`"${url}" is no URL that a client could ask for${'fault' in read ? `: ${read.fault}` : ''}`)
  return { host: read.host, path: read.path, tls: /^https:/i.test(whole) }
}

function answerOf({ host, route }: Candidate, table: TableView): NonNullable<Explanation['answer']> {
  const keys = [route.backend, ...(route.alternatives ?? []).map(({ backend }) => backend)].filter((key) => key !== null)
  return { host, path: route.path, ingress: route.ingress, policies: route.policies, backends: keys.map((key) => backendOf(key, table)) }
}

function backendOf(key: string, { backends, health }: TableView): BackendState {
  const row = backends.find((backend) => backend.key === key)
  const endpoints = (row?.endpoints ?? []).map(({ address, port }): EndpointState => {
    const is = (other: { readonly address: string; readonly port: number }) => other.address === address && other.port === port
    if (row?.unwell?.some(is) === true) return { address, port, state: 'unwell: its active check fails' }
    const found = health?.find((each) => each.backend === key && is(each))
    return { address, port, state: health === undefined ? 'unknown' : found === undefined ? 'well' : stateText(found) }
  })
  return { backend: key, protocol: row?.protocol ?? '', endpoints }
}

/** `ejected (connect refused) until …`, with how many workers say so where they do not agree. */
function stateText({ states, reasons, trialAt }: NonNullable<TableView['health']>[number]): string {
  const told = Object.entries(states)
  const words = told.map(([state, workers]) => (told.length === 1 ? state : `${state} in ${workers} workers`)).join(', ')
  return `${words}${reasons.length === 0 ? '' : ` (${reasons.join(', ')})`}${trialAt === '' ? '' : `, tried again at ${trialAt}`}`
}

/** The serving side's own choice: each certificate stands for its id here. */
function certificateOf(host: string, { hosts, certificates }: TableView): Explanation['certificate'] {
  const name = host.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase()
  const id = certificateFor({ hosts, certificates: new Map(certificates.map((row) => [row.id, { cert: row.id, key: '' }])) }, name).cert
  return certificates.find((row) => row.id === id) ?? null
}

function lostTo(winner: Candidate | null, { host, route }: Candidate, asked: string): Lost {
  return { host, path: pathText(route.path), ingress: route.ingress, why: whyLost(winner, { host, route }, asked) }
}

function whyLost(winner: Candidate | null, loser: Candidate, asked: string): string {
  if (winner === null || winner.host !== loser.host) return `${hostKind(asked)} ${asked} goes before ${hostKind(loser.host)}${winner === null ? ', though it has no such path' : ''}`
  const [won, lost] = [winner.route.path, loser.route.path]
  if (won.kind === 'exact') return `${pathText(won)} is equal to the path of the request`
  if (pathText(won).length !== pathText(lost).length) return `${pathText(won)} is longer`
  return `${pathText(won)} (${won.kind}) comes before ${pathText(lost)} (${lost.kind}) where both are as long`
}

function hostKind(host: string): string {
  return host === '' ? 'rules without a host' : host.startsWith('*') ? 'the wildcard' : 'the host'
}

/** Ingresses that want the very same path, and are younger: the builder's issues say it. */
function contenders(winner: Candidate | null, { issues }: TableView): Lost[] {
  if (winner === null) return []
  const place = placeOf(winner.host, winner.route.path)
  return issues.filter(({ reason }) => reason.startsWith(`${place} belongs to Ingress ${winner.route.ingress}:`)).map(({ object }) => ({
    host: winner.host, path: pathText(winner.route.path), ingress: object.replace(/^Ingress /, ''), why: `Ingress ${winner.route.ingress} is older, or comes first by name`,
  }))
}

function hintOf(host: string | undefined, { hosts }: TableView): string {
  if (host === undefined) return hosts.size === 0 ? 'the table has no hosts' : `no Ingress has this host; there are ${listed([...hosts.keys()])}`
  const paths = (hosts.get(host)?.routes ?? []).map((route: Route) => `${pathText(route.path)} (${route.path.kind})`)
  return paths.length === 0 ? `${host} has no paths` : `no path of ${host === '' ? 'the rules without a host' : host} matches; there are ${listed(paths)}`
}

/** So many are read at a glance. */
const MOST_LISTED = 10

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_LISTED).map((name) => name || '(any host)').join(', ')
  return names.length > MOST_LISTED ? `${shown} and ${names.length - MOST_LISTED} more` : shown
}
