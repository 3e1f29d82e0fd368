// The manifests that differ with every start of the demo: a fresh certificate, and where the backends listen.
import { chmod, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeCertificate } from '../../src/certificate/self-signed.ts'

const endpointSlice = ({ service, port }: { service: string; port: number }) => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: `${service}-1`, labels: { 'kubernetes.io/service-name': service } },
  addressType: 'IPv4',
  ports: [{ name: 'http', port, protocol: 'TCP' }],
  endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true } }],
})

const tlsSecret = (name: string, { cert, key }: { cert: string; key: string }) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name },
  type: 'kubernetes.io/tls',
  data: { 'tls.crt': btoa(cert), 'tls.key': btoa(key) },
})

/** Writes the folder anew; returns the path of the CA file for curl. */
export const writeGenerated = async (folder: string, backends: readonly { service: string; port: number }[]): Promise<string> => {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true, mode: 0o700 })
  // Self-signed: the certificate is its own CA, so one file is all that curl's --cacert needs.
  const pair = await makeCertificate({ names: ['cafe.example.com'], kind: 'p256' })
  const secretFile = join(folder, 'cafe-secret.json')
  await Bun.write(secretFile, JSON.stringify(tlsSecret('cafe-secret', pair), null, 2))
  await chmod(secretFile, 0o600)
  await Bun.write(join(folder, 'endpoints.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items: backends.map(endpointSlice) }, null, 2))
  const caFile = join(folder, 'ca.pem')
  await Bun.write(caFile, pair.cert)
  return caFile
}
