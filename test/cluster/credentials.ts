// Keys, certificates and the administrator's kubeconfig of one throw-away cluster. Knows no processes.
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeCertificate } from '../../src/certificate/self-signed.ts'

/** Paths of what was written. server: the API server's address. */
export type ClusterFiles = {
  readonly folder: string
  readonly server: string
  readonly ca: string
  readonly serverCert: string
  readonly serverKey: string
  readonly accountKey: string
  readonly accountPublicKey: string
  readonly adminCert: string
  readonly adminKey: string
  readonly kubeconfig: string
}

const ACCOUNT_KEY_BITS = 2048

export async function writeCredentials(folder: string, port: number): Promise<ClusterFiles> {
  const ca = await makeCertificate({ names: ['lintel-test-ca'], kind: 'p256', ca: true })
  const serving = await makeCertificate({ names: ['localhost', '127.0.0.1', '10.96.0.1', 'kubernetes.default.svc'], kind: 'p256', issuer: ca })
  const admin = await makeCertificate({ names: ['admin'], subject: 'O=system:masters, CN=admin', kind: 'p256', issuer: ca })
  const accounts = generateKeyPairSync('rsa', { modulusLength: ACCOUNT_KEY_BITS, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs1', format: 'pem' } })
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 })
    return join(folder, name)
  }
  const server = `https://127.0.0.1:${port}`
  return {
    folder,
    server,
    ca: write('ca.crt', ca.cert),
    serverCert: write('server.crt', serving.cert),
    serverKey: write('server.key', serving.key),
    accountKey: write('accounts.key', accounts.privateKey),
    accountPublicKey: write('accounts.pub', accounts.publicKey),
    adminCert: write('admin.crt', admin.cert),
    adminKey: write('admin.key', admin.key),
    kubeconfig: write('admin.kubeconfig', kubeconfig({ server, ca: ca.cert, user: { 'client-certificate-data': base64(admin.cert), 'client-key-data': base64(admin.key) } })),
  }
}

/** JSON is YAML. user: as under `users[].user`. */
export function kubeconfig({ server, ca, user }: { readonly server: string; readonly ca: string; readonly user: object }): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: [{ name: 'test', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  })
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')
