// Caddy by its Caddyfile, without certificates of its own making.
import { hostsOf } from '../site.ts'
import { toolPath } from '../tools.ts'
import { IDLE_SECONDS, LOG_FILE, type PeerKind, type Place } from './peer.ts'

const site = (name: string, { site, port, shared, originPort }: Place) => `
${site.secure ? 'https' : 'http'}://${name}:${port} {
  bind 127.0.0.1
${site.secure ? `  tls ${shared}/cert.pem ${shared}/key.pem\n` : ''}${site.log ? `  log {\n    output file ${shared}/caddy-${LOG_FILE}\n  }\n` : ''}
  reverse_proxy ${site.origin === 'grpc' ? 'h2c://' : ''}127.0.0.1:${originPort} {
    transport http {
      keepalive_idle_conns_per_host 2000
      compression off
${site.origin === 'grpc' ? '      versions h2c 2\n' : ''}    }
  }
}
`
const config = (place: Place, hosts: readonly string[]) => `{
  admin off
  auto_https off
  persist_config off
  log {
    level ERROR
  }
  servers {
    timeouts {
      idle ${IDLE_SECONDS}s
    }
  }
}
${hosts.map((name) => site(name, place)).join('')}`

export const caddy: PeerKind = {
  tool: 'caddy',
  plan: (place) => ({
    files: { Caddyfile: config(place, hostsOf(place.site)) },
    command: [toolPath('caddy'), 'run', '--config', 'Caddyfile'],
    env: { GOMAXPROCS: `${place.site.workers}`, HOME: place.folder },
  }),
}
