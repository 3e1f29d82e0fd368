// Traefik by its file provider, which it watches. Go's scheduler gets as many threads as there are workers.
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { hostsOf, newHost } from '../site.ts'
import { toolPath } from '../tools.ts'
import { IDLE_SECONDS, LOG_FILE, type PeerKind, type Place, put } from './peer.ts'

const fixed = ({ port, folder, shared, site }: Place) => JSON.stringify({
  global: { checkNewVersion: false, sendAnonymousUsage: false },
  log: { level: 'ERROR' },
  entryPoints: { in: { address: `127.0.0.1:${port}`, transport: { respondingTimeouts: { readTimeout: '0s', idleTimeout: `${IDLE_SECONDS}s` } } } },
  providers: { file: { directory: join(folder, 'routes'), watch: true } },
  serversTransport: { maxIdleConnsPerHost: 2000 },
  ...(site.log && { accessLog: { filePath: join(shared, LOG_FILE) } }),
})

const router = (name: string, { site }: Place) => ({ rule: `Host(\`${name}\`) && PathPrefix(\`/\`)`, service: 'origin', entryPoints: ['in'], ...(site.secure && { tls: {} }) })

const routes = (place: Place, hosts: readonly string[]) => JSON.stringify({
  http: {
    routers: Object.fromEntries(hosts.map((name, n) => [`r${n}`, router(name, place)])),
    services: { origin: { loadBalancer: { servers: [{ url: `${place.site.origin === 'grpc' ? 'h2c' : 'http'}://127.0.0.1:${place.originPort}` }] } } },
  },
  ...(place.site.secure && { tls: { stores: { default: { defaultCertificate: { certFile: `${place.shared}/cert.pem`, keyFile: `${place.shared}/key.pem` } } } } }),
})

export const traefik: PeerKind = {
  tool: 'traefik',
  plan: (place) => ({
    files: { 'traefik.yml': fixed(place), 'routes/bench.yml': routes(place, hostsOf(place.site)) },
    command: [toolPath('traefik'), '--configFile=traefik.yml'],
    env: { GOMAXPROCS: `${place.site.workers}` },
  }),
  change(place, { n }) {
    put(place.folder, { staged: routes(place, [...hostsOf(place.site), ...Array.from({ length: n }, (_, i) => newHost(i + 1))]) })
    renameSync(join(place.folder, 'staged'), join(place.folder, 'routes', 'bench.yml'))
  },
}
