// Envoy with one thread: static listeners, virtual hosts from a watched file, so that they can change.
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { hostsOf, newHost } from '../site.ts'
import { toolPath } from '../tools.ts'
import { IDLE_SECONDS, LOG_FILE, type PeerKind, type Place, put } from './peer.ts'

const TYPE = 'type.googleapis.com/envoy'
/** Its own circuit breakers must not open. */
const LIMIT = 100_000

const cluster = ({ site, originPort }: Place) => ({
  name: 'origin', type: 'STATIC', lb_policy: 'ROUND_ROBIN',
  circuit_breakers: { thresholds: [{ max_connections: LIMIT, max_pending_requests: LIMIT, max_requests: LIMIT }] },
  load_assignment: { cluster_name: 'origin', endpoints: [{ lb_endpoints: [{ endpoint: { address: address(originPort) } }] }] },
  ...(site.origin === 'grpc' && {
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': `${TYPE}.extensions.upstreams.http.v3.HttpProtocolOptions`, explicit_http_config: { http2_protocol_options: {} },
      },
    },
  }),
})
const address = (port: number) => ({ socket_address: { address: '127.0.0.1', port_value: port } })

const manager = ({ site, folder, shared }: Place) => ({
  '@type': `${TYPE}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager`,
  stat_prefix: 'in', use_remote_address: true, stream_idle_timeout: `${IDLE_SECONDS}s`, common_http_protocol_options: { idle_timeout: `${IDLE_SECONDS}s` },
  ...(site.origin === 'tunnel' && { upgrade_configs: [{ upgrade_type: 'websocket' }] }),
  http_filters: [{ name: 'envoy.filters.http.router', typed_config: { '@type': `${TYPE}.extensions.filters.http.router.v3.Router` } }],
  rds: { route_config_name: 'routes', config_source: { resource_api_version: 'V3', path_config_source: { path: join(folder, 'routes.json'), watched_directory: { path: folder } } } },
  ...(site.log && {
    access_log: [{ name: 'file', typed_config: { '@type': `${TYPE}.extensions.access_loggers.file.v3.FileAccessLog`, path: join(shared, LOG_FILE) } }],
  }),
})

const listener = (place: Place) => ({
  name: 'in', address: address(place.port),
  filter_chains: [{
    filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager(place) }],
    ...(place.site.secure && { transport_socket: tls(place) }),
  }],
})
const tls = ({ shared }: Place) => ({
  name: 'tls',
  typed_config: {
    '@type': `${TYPE}.extensions.transport_sockets.tls.v3.DownstreamTlsContext`,
    common_tls_context: {
      alpn_protocols: ['h2', 'http/1.1'],
      tls_certificates: [{ certificate_chain: { filename: `${shared}/cert.pem` }, private_key: { filename: `${shared}/key.pem` } }],
    },
  },
})

const routes = (hosts: readonly string[], version: number) => JSON.stringify({
  version_info: `${version}`,
  resources: [{
    '@type': `${TYPE}.config.route.v3.RouteConfiguration`, name: 'routes',
    virtual_hosts: hosts.map((name) => ({ name, domains: [name, `${name}:*`], routes: [{ match: { prefix: '/' }, route: { cluster: 'origin', timeout: '0s' } }] })),
  }],
})

export const envoy: PeerKind = {
  tool: 'envoy',
  plan: (place) => ({
    files: {
      'envoy.json': JSON.stringify({
        node: { id: 'bench', cluster: 'bench' }, static_resources: { listeners: [listener(place)], clusters: [cluster(place)] },
        layered_runtime: { layers: [{ name: 'static', static_layer: { 'overload.global_downstream_max_connections': LIMIT } }] },
      }),
      'routes.json': routes(hostsOf(place.site), 0),
    },
    command: [toolPath('envoy'), '-c', 'envoy.json', '--concurrency', `${place.site.workers}`, '--disable-hot-restart', '--log-level', 'error'],
  }),
  change(place, { n }) {
    put(place.folder, { staged: routes([...hostsOf(place.site), ...Array.from({ length: n }, (_, i) => newHost(i + 1))], n) })
    renameSync(join(place.folder, 'staged'), join(place.folder, 'routes.json'))
  },
}
