// What the TLS handshakes of a host ask for: the oldest Ingress that says something has its way (ingress-nginx.md §4.5). A rule for client
// certificates that can't be honoured closes the host. Knows nothing of routes.
import type { ClientRule, Handshake, Issue } from '../model.ts'
import type { FoundAuthority } from './authorities.ts'
import type { HandshakeDraft, HostDraft } from './draft.ts'

/** client: also one that asks for no certificate. denied: why nothing of the host may be served. */
export type HostHandshake = {
  readonly handshake?: Handshake
  readonly client?: ClientRule
  readonly denied?: string
  readonly issues: readonly Issue[]
}
type Field = keyof Omit<Handshake, 'client'>

export const NO_HANDSHAKE: HostHandshake = { issues: [] }

/** `contributors`: oldest first. */
export function hostHandshake(contributors: readonly HostDraft[], find: (key: string) => FoundAuthority): HostHandshake {
  if (contributors.every(({ handshake }) => saysNothing(handshake))) return NO_HANDSHAKE
  const drafts = contributors.map(({ handshake }) => handshake)
  const winner = contributors.find(({ handshake }) => handshake.client !== undefined)
  const rule = winner?.handshake.client
  const found = rule === undefined ? undefined : find(rule.authority)
  const denied = drafts.find(({ fault }) => fault !== undefined)?.fault ?? (found !== undefined && found.loaded === undefined ? `Secret ${rule?.authority} has no authority for client certificates` : undefined)
  const handshake: Handshake = {
    ...first(drafts, 'ciphers'), ...first(drafts, 'preferServerCiphers'), ...first(drafts, 'protocols'),
    ...(rule !== undefined && rule.verify !== 'off' && denied === undefined && { client: rule }),
  }
  return {
    ...(Object.keys(handshake).length > 0 && { handshake }),
    ...(rule !== undefined && denied === undefined && { client: rule }),
    ...(denied !== undefined && { denied }),
    issues: winner === undefined ? [] : [...secretIssues(winner, rule?.authority ?? '', found), ...conflicts(winner, contributors)],
  }
}

export function sameHandshake(a: HostHandshake, b: HostHandshake): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}

const saysNothing = (draft: HandshakeDraft) => Object.keys(draft).length === 0

function first<K extends Field>(drafts: readonly HandshakeDraft[], field: K): Partial<Pick<Handshake, K>> {
  const value = drafts.find((draft) => draft[field] !== undefined)?.[field]
  const said: Partial<Pick<Handshake, K>> = {}
  if (value !== undefined) said[field] = value
  return said
}

function secretIssues({ object, handshake: { field = '' } }: HostDraft, secret: string, found: FoundAuthority | undefined): readonly Issue[] {
  if (found === undefined || found.loaded !== undefined) return found?.issues ?? []
  const why = found.exists ? 'can not be used (it has an issue of its own)' : 'does not exist'
  return [...found.issues, { object, field, reason: `Secret ${secret} ${why}: all of the host answers 403 until it ${found.exists ? 'is mended' : 'does'}` }]
}

function conflicts(winner: HostDraft, contributors: readonly HostDraft[]): Issue[] {
  const rule = JSON.stringify(winner.handshake.client)
  return contributors.filter(({ handshake: { client } }) => client !== undefined && JSON.stringify(client) !== rule)
    .map(({ object, handshake: { field = '' } }) => ({ object, field, reason: `the host has the client certificates of ${winner.object}, which is older: ignored here; make the two the same` }))
}
