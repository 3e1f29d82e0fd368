// Lintel by its command line, with manifests a person would write. The source may be that of another revision.
import { copyFileSync, existsSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { backend, configMap, ingress, service, tlsSecret } from '../../support/manifests.ts'
import { toYaml } from '../../support/program.ts'
import { freePort } from '../../support/ports.ts'
import { hostsOf, newHost } from '../site.ts'
import { CACHE } from '../tools.ts'
import { IDLE_SECONDS, KEPT, type PeerKind, type Place, put, UNLIMITED } from './peer.ts'
import { canaryAnnotations, POLICY_PATH, policyAnnotations } from './lintel-policies.ts'

const NAME = 'bench'
const settingsOf = ({ log, gzip }: Place['site']) => ({
  'use-gzip': `${gzip}`,
  'disable-access-log': `${!log}`, 'keep-alive': `${IDLE_SECONDS}`, 'keep-alive-requests': UNLIMITED, 'upstream-keepalive-requests': UNLIMITED, 'proxy-body-size': '0',
  'upstream-keepalive-connections': `${KEPT}`,
})

type Route = { readonly name: string; readonly host: string; readonly annotations?: Readonly<Record<string, string>> }

const routeOf = ({ name, host, annotations }: Route, { origin, secure, policies }: Place['site']) => ingress({
  metadata: { name, annotations: { ...(origin === 'grpc' && { 'nginx.ingress.kubernetes.io/backend-protocol': 'GRPC' }), ...annotations } },
  ...(secure && { tls: [{ hosts: [host], secretName: NAME }] }),
  rules: [{ host, paths: [{ path: policies ? POLICY_PATH : '/', pathType: policies ? 'ImplementationSpecific' : 'Prefix', backend: backend(NAME) }] }],
})

const routesOf = (site: Place['site']): object[] => hostsOf(site).flatMap((host, n) => {
  const name = n === 0 ? NAME : `${NAME}-${n}`
  if (!site.policies) return [routeOf({ name, host }, site)]
  return [routeOf({ name, host, annotations: policyAnnotations }, site), routeOf({ name: `${name}-canary`, host, annotations: canaryAnnotations }, site)]
})

/** What makes Lintel do what the cell asks of all proxies: an Ingress for each host, one Service. */
export const lintelManifests = (place: Pick<Place, 'site' | 'pair' | 'originPort'>): object[] => [
  ...routesOf(place.site),
  ...service({ metadata: { name: NAME }, ports: [{ name: 'http', port: 80 }], endpoints: [place.originPort] }),
  ...(place.site.secure ? [tlsSecret({ name: NAME }, place.pair)] : []),
  configMap({ name: NAME }, settingsOf(place.site)),
]

/** A copy of our Bun: pages that the program shares with this process and with origins would be counted as theirs, too. */
const ownBun = (): string => {
  const file = join(CACHE, `bun-${Bun.version}`)
  if (existsSync(file)) return file
  mkdirSync(CACHE, { recursive: true })
  copyFileSync(process.execPath, `${file}.${process.pid}`)
  renameSync(`${file}.${process.pid}`, file)
  return file
}

/** root: of the source. */
export const lintel = (root: string): PeerKind => ({
  tool: null,
  plan(place) {
    const { site, folder, port } = place
    const [http, https] = site.secure ? [freePort(), port] : [port, freePort()]
    return {
      files: { 'manifests/bench.yaml': toYaml(lintelManifests(place)) },
      command: [
        ownBun(), join(root, 'src/main.ts'), `--manifests=${join(folder, 'manifests')}`, `--configmap=default/${NAME}`, `--workers=${site.workers}`,
        `--http-port=${http}`, `--https-port=${https}`, '--healthz-port=0', '--bind-address=127.0.0.1',
      ],
    }
  },
  change(place, { n }) {
    put(place.folder, { staged: toYaml([routeOf({ name: `new-${n}`, host: newHost(n) }, place.site)]) })
    renameSync(join(place.folder, 'staged'), join(place.folder, 'manifests', `new-${n}.yaml`))
  },
})
