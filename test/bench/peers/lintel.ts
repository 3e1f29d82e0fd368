// Lintel by its command line, with a manifest a person would write.
import { backend, configMap, ingress, service, tlsSecret } from '../../support/manifests.ts'
import { start } from '../../support/program.ts'
import { host } from '../load.ts'
import type { Setup } from '../setup.ts'
import { onProxyCore, type Peer, UNLIMITED } from './peer.ts'

const NAME = 'bench'
const SETTINGS = { 'disable-access-log': 'true', 'keep-alive-requests': UNLIMITED, 'upstream-keepalive-requests': UNLIMITED }

/** What makes Lintel do what the cell asks of all proxies. */
export const lintelManifests = ({ originPort, grpc, secure, pair }: Pick<Setup, 'originPort' | 'grpc' | 'secure' | 'pair'>): object[] => [
  ingress({
    metadata: { name: NAME, ...(grpc && { annotations: { 'nginx.ingress.kubernetes.io/backend-protocol': 'GRPC' } }) },
    ...(secure && { tls: [{ hosts: [host], secretName: NAME }] }),
    rules: [{ host, paths: [{ path: '/', backend: backend(NAME) }] }],
  }),
  ...service({ metadata: { name: NAME }, ports: [{ name: 'http', port: 80 }], endpoints: [originPort] }),
  ...(secure ? [tlsSecret({ name: NAME }, pair)] : []),
  configMap({ name: NAME }, SETTINGS),
]

export const startLintel = async (setup: Setup): Promise<Peer> => {
  const program = await start({
    manifests: lintelManifests(setup),
    flags: [`--configmap=default/${NAME}`, '--workers=1'],
    command: [...onProxyCore, process.execPath, 'src/main.ts'],
  })
  return { name: 'lintel', port: setup.secure ? program.https : program.http, pid: program.pid, stop: program.stop }
}
