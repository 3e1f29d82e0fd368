// Which certificate a host is served with: the first of its Ingresses' Secrets that covers it, and beside it the first with a key of another
// kind. Knows nothing of routes.
import type { Issue } from '../model.ts'
import type { FoundCertificate } from './certificates.ts'
import type { HostDraft, SecretRef } from './draft.ts'

/** `certificate` as Host.certificate: `` is the default one, null no TLS of its own. second: as Host.secondCertificate. */
export type HostCertificate = { readonly certificate: string | null; readonly second?: string; readonly issues: readonly Issue[] }

type Offer = { readonly object: string; readonly ref: SecretRef; readonly found: FoundCertificate | undefined }

/** `contributors`: oldest first. A tls block that names the host gives it TLS even without a good Secret (ingress-nginx.md §4.4). */
export function hostCertificate(host: string, contributors: readonly HostDraft[], find: (key: string) => FoundCertificate): HostCertificate {
  const offers = contributors.flatMap(({ object, secrets }) =>
    secrets.map((ref): Offer => ({ object, ref, found: ref.secret === '' ? undefined : find(ref.secret) })))
  const good = offers.filter(({ found }) => found?.loaded?.covers(host) === true)
  const [first] = good
  if (first === undefined) return withoutGood(host, offers.filter(({ ref }) => ref.named))
  const second = good.find(({ ref, found }) => ref.named && found?.loaded?.keyKind !== first.found?.loaded?.keyKind)
  const issues = [first, ...second === undefined ? [] : [second]].flatMap(({ found }) => found?.issues ?? [])
  return { certificate: first.ref.secret, ...(second !== undefined && { second: second.ref.secret }), issues }
}

/** `named`: of blocks that name the host. */
function withoutGood(host: string, named: readonly Offer[]): HostCertificate {
  const issues = named.flatMap(({ object, ref, found }) => found === undefined ? [] : [...found.issues, { object, field: ref.field, reason: whyNot(host, ref, found) }])
  return { certificate: named.length === 0 ? null : '', issues }
}

function whyNot(host: string, { secret }: SecretRef, { exists, loaded }: FoundCertificate): string {
  const instead = `host ${host} gets the default certificate`
  if (!exists) return `Secret ${secret} does not exist: ${instead} until it does`
  if (loaded === undefined) return `Secret ${secret} can not be used (it has an issue of its own): ${instead} until it is mended`
  return `the certificate in Secret ${secret} does not cover the name: ${instead}; renew it with that name`
}
