// Which certificate a host is served with: the first of its Ingresses' Secrets that covers it. Knows nothing of routes.
import type { Issue } from '../model.ts'
import type { FoundCertificate } from './certificates.ts'
import type { HostDraft, SecretRef } from './draft.ts'

/** `certificate` as Host.certificate: `` is the default one, null no TLS of its own. */
export type HostCertificate = { readonly certificate: string | null; readonly issues: readonly Issue[] }

/** `contributors`: oldest first. A tls block that names the host gives it TLS even without a good Secret (ingress-nginx.md §4.4). */
export function hostCertificate(host: string, contributors: readonly HostDraft[], find: (key: string) => FoundCertificate): HostCertificate {
  let certificate: string | null = null
  const issues: Issue[] = []
  for (const { object, secrets } of contributors) {
    for (const ref of secrets) {
      const found = ref.secret === '' ? undefined : find(ref.secret)
      if (found?.loaded?.covers(host) === true) return { certificate: ref.secret, issues: found.issues }
      if (!ref.named) continue
      certificate = ''
      if (found !== undefined) issues.push(...found.issues, { object, field: ref.field, reason: whyNot(host, ref, found) })
    }
  }
  return { certificate, issues }
}

function whyNot(host: string, { secret }: SecretRef, { exists, loaded }: FoundCertificate): string {
  const instead = `host ${host} gets the default certificate`
  if (!exists) return `Secret ${secret} does not exist: ${instead} until it does`
  if (loaded === undefined) return `Secret ${secret} can not be used (it has an issue of its own): ${instead} until it is mended`
  return `the certificate in Secret ${secret} does not cover the name: ${instead}; renew it with that name`
}
