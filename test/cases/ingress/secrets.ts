// The Secrets of a case: certificates for tls, descriptions of others. Makes certificates; else pure.
import { certificate, type TestCertificate } from '../../support/certificate.ts'
import { secret, tlsSecret } from '../../support/manifests.ts'
import type { Given } from './case.ts'

export const NAMESPACE = 'e2e'

/** How `objects` describes a Secret. */
const HTPASSWD = /(\w+):<bcrypt (?:of )?(\w+)>/
const CLIENT_CN = /^ca\.crt.*CN=([\w.-]+)/
const EMPTY = /no tls\.crt/

export function isKnownSecret(text: string): boolean {
  return [HTPASSWD, CLIENT_CN, EMPTY].some((pattern) => pattern.test(text))
}

/** Cost 4: the least, since nobody attacks it. */
const bcrypt = (password: string) => Bun.password.hashSync(password, { algorithm: 'bcrypt', cost: 4 })

/** The certificate of every Secret that has one, by the Secret's name. */
export async function certificates({ ingresses, flags, objects, configmap }: Given): Promise<Map<string, TestCertificate>> {
  const hosts = new Map<string, string[]>()
  const want = (name: string | undefined, names: readonly string[]) => {
    if (name !== undefined) hosts.set(name, [...(hosts.get(name) ?? []), ...names])
  }
  for (const { tls = [], annotations } of ingresses) {
    for (const block of [tls].flat()) want(block.secret, block.hosts ?? [])
    want(annotations['proxy-ssl-secret']?.split('/').pop(), [])
  }
  for (const flag of flags) want(/^--default-ssl-certificate=.*\/(.+)$/.exec(flag)?.[1], [])
  const kind = /RSA/.test(configmap['ssl-ciphers'] ?? '') ? 'rsa' : 'p256'
  const made = new Map<string, TestCertificate>()
  for (const [name, names] of hosts) {
    if (objects[`secret/${name}`] !== undefined && !hasClientCa(objects, name)) continue
    made.set(name, await certificate({ names: names.length > 0 ? [...new Set(names)] : [name], kind }))
  }
  return made
}

const hasClientCa = (objects: Given['objects'], name: string) => CLIENT_CN.test(String(objects[`secret/${name}`]))

/** Certificates for `client_cert`: signed by the CA of the Secret, and by another. */
export async function clientCertificates({ objects }: Given): Promise<Record<'valid' | 'wrong-ca', TestCertificate>> {
  const name = Object.values(objects).flatMap((text) => CLIENT_CN.exec(String(text))?.[1] ?? [])[0] ?? 'client'
  const signed = async (ca: string) => certificate({ names: [name], issuer: await certificate({ names: [ca], ca: true }) })
  return { valid: await signed('client-ca'), 'wrong-ca': await signed('another-ca') }
}

/** All Secrets: those described in `objects`, and one for each certificate. */
export async function secrets(given: Given): Promise<object[]> {
  const metadata = (name: string) => ({ name, namespace: NAMESPACE })
  const described = Object.entries(given.objects).flatMap(([id, text]) => {
    const htpasswd = HTPASSWD.exec(String(text))
    const name = id.replace('secret/', '')
    if (htpasswd) return [secret(metadata(name), { auth: `${htpasswd[1]}:${bcrypt(htpasswd[2] ?? '')}\n` })]
    return EMPTY.test(String(text)) ? [secret(metadata(name), { note: 'neither certificate nor key' })] : []
  })
  const { cert: clientCa } = await certificate({ names: ['client-ca'], ca: true })
  const withCertificates = [...await certificates(given)].map(([name, made]) =>
    hasClientCa(given.objects, name)
      ? secret(metadata(name), { 'ca.crt': clientCa, 'tls.crt': made.cert, 'tls.key': made.key }, 'kubernetes.io/tls')
      : tlsSecret(metadata(name), made),
  )
  return [...described, ...withCertificates]
}
