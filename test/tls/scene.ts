// A program with hosts of every kind of TLS, for what looks at it from outside.
import { certificate } from '../support/certificate.ts'
import { echoUpstream } from '../support/echo.ts'
import { backend, configMap, ingress, secret, tlsSecret } from '../support/manifests.ts'
import { start, type Program } from '../support/program.ts'
import { app } from '../features/scene.ts'

const PREFIX = 'nginx.ingress.kubernetes.io/'
export const DOMAIN = 'check.example'
const root = await certificate({ names: ['root'], subject: 'CN=Root', ca: true })
const middle = await certificate({ names: ['middle'], subject: 'CN=Middle', ca: true, issuer: root })
const leaf = await certificate({ names: [`*.${DOMAIN}`], issuer: middle })
const rsa = await certificate({ names: [`*.${DOMAIN}`], kind: 'rsa', issuer: root })
export const authority = root.cert
/** PEM files in one: a client's certificate with its key, and one of nobody known. */
export const client = await certificate({ names: ['client'], subject: 'CN=client', issuer: root })

const HOSTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  plain: {},
  modern: { 'lintel.dev/ssl-protocols': 'TLSv1.3' },
  old: { 'lintel.dev/ssl-protocols': 'TLSv1 TLSv1.1 TLSv1.2', [`${PREFIX}ssl-ciphers`]: 'ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES128-GCM-SHA256' },
  one: { [`${PREFIX}ssl-ciphers`]: 'ECDHE-ECDSA-AES256-GCM-SHA384' },
  theirs: { [`${PREFIX}ssl-prefer-server-ciphers`]: 'false' },
  mutual: { [`${PREFIX}auth-tls-secret`]: 'default/ca' },
}

export type Scene = { readonly program: Program; close(): Promise<unknown> }

/** settings: of the ConfigMap. */
export async function open(settings: Readonly<Record<string, string>> = {}): Promise<Scene> {
  const echo = await echoUpstream()
  const host = (name: string, annotations: Readonly<Record<string, string>>, secrets: readonly string[]) => ingress({
    metadata: { name, annotations }, tls: secrets.map((secretName) => ({ hosts: [`${name}.${DOMAIN}`], secretName })), rules: [{ host: `${name}.${DOMAIN}`, paths: [{ backend: backend('app') }] }],
  })
  const program = await start({ flags: ['--configmap=default/settings', '--default-ssl-certificate=default/fallback'], manifests: [
    ...app('app', echo), configMap({ name: 'settings' }, settings), tlsSecret({ name: 'fallback' }, await certificate({ names: ['fallback.example'] })),
    tlsSecret({ name: 'leaf' }, { cert: leaf.cert + middle.cert, key: leaf.key }), tlsSecret({ name: 'rsa' }, rsa), secret({ name: 'ca' }, { 'ca.crt': root.cert }),
    ...Object.entries(HOSTS).map(([name, annotations]) => host(name, annotations, ['leaf'])), host('both', {}, ['leaf', 'rsa']), host('rsa', {}, ['rsa']),
  ] })
  return { program, close: async () => { await program.stop(); await echo.close() } }
}
