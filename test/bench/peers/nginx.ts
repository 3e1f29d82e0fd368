// nginx as ingress-nginx has it, but with its own buffering of answers (proxy_buffering on), which costs it less than half of what the
// `off` of ingress-nginx does with large ones: the harder comparison. `unbuffered` has it off in both directions.
import { hostsOf, newHost } from '../site.ts'
import { toolPath } from '../tools.ts'
import { IDLE_SECONDS, KEPT, LOG_FILE, type PeerKind, type Place, put, UNLIMITED } from './peer.ts'

const FIELDS = {
  'Host': '$http_host', 'X-Request-ID': '$request_id', 'X-Real-IP': '$remote_addr', 'X-Forwarded-For': '$remote_addr', 'X-Forwarded-Host': '$http_host',
  'X-Forwarded-Port': '$server_port', 'X-Forwarded-Proto': '$scheme', 'X-Forwarded-Scheme': '$scheme', 'X-Scheme': '$scheme',
}
/** ingress-nginx's upstreaminfo, as far as nginx alone has the variables. */
const LOG_FORMAT = '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_length '
  + '$request_time [default-bench-80] [] $upstream_addr $upstream_response_length $upstream_response_time $upstream_status $request_id'

/** HTTP/2 has no Host field: there $host stands for it. */
const fieldsOf = ({ secure, policies }: Place['site']) =>
  Object.entries(FIELDS).map(([name, value]) => [name, name === 'Host' && policies ? 'origin.internal' : secure && value === '$http_host' ? '$host' : value])

/** The same as the annotations of lintel-policies.ts. nginx has no sticky cookie of its own: a hash of one, and one that is set. */
const policies = `
      client_max_body_size 8m;
      allow 127.0.0.0/8; allow 10.0.0.0/8; deny all;
      if ($uri = /) { return 302 /start; }
      rewrite ^/(.*)$ /v1/$1 break;
      add_header Set-Cookie "INGRESSCOOKIE=$request_id; Path=/; Max-Age=3600; HttpOnly";`
const policiesAbove = `
  split_clients "$request_id" $chosen { 50% origin; * canary; }`

const location = ({ site }: Place): string => {
  const directive = site.origin === 'grpc' ? 'grpc' : 'proxy'
  const fields = fieldsOf(site).map(([name, value]) => `${directive}_set_header ${name} ${value};`).join('\n      ')
  if (site.origin === 'grpc') return `grpc_pass grpc://origin;\n      ${fields}`
  const buffering = site.unbuffered ? 'proxy_buffering off;\n      proxy_request_buffering off;\n      ' : ''
  const upgrade = site.origin === 'tunnel' ? 'proxy_set_header Connection Upgrade;\n      proxy_set_header Upgrade $http_upgrade;' : 'proxy_set_header Connection "";'
  return `${site.policies ? policies : ''}
      proxy_pass http://${site.policies ? '$chosen' : 'origin'};\n      proxy_http_version 1.1;\n      ${upgrade}\n      ${buffering}${fields}`
}

const server = (name: string, place: Place) => `
  server {
    listen 127.0.0.1:${place.port}${place.site.secure ? ' ssl http2' : ''};
    server_name ${name};
    location / { ${location(place)} }
  }`

/** Idle connections to the origin: nginx needs one for each request at a time, also for gRPC. */
const upstream = (name: string, { originPort }: Place) => `
  upstream ${name} { ${name === 'canary' ? 'hash $cookie_INGRESSCOOKIE consistent;' : ''}
    server 127.0.0.1:${originPort};
    keepalive ${KEPT};
    keepalive_requests ${UNLIMITED};
  }`

/** As ingress-nginx writes use-gzip. */
const gzip = `
  gzip on; gzip_comp_level 1; gzip_http_version 1.1; gzip_min_length 256; gzip_proxied any; gzip_vary on; gzip_types application/json;`

/** Only where it is used: nginx reads the certificate anew for each server, with 5,000 of them for seconds. */
const tls = ({ shared }: Place) => `ssl_certificate ${shared}/cert.pem;
  ssl_certificate_key ${shared}/key.pem;
  ssl_protocols TLSv1.2 TLSv1.3;`

const config = (place: Place, hosts: readonly string[]) => `
daemon off;
worker_processes ${place.site.workers};
worker_rlimit_nofile 20000;
pid nginx.pid;
error_log stderr crit;
events { worker_connections 19000; }
http {
  log_format upstreaminfo '${LOG_FORMAT}';
  access_log ${place.site.log ? `${LOG_FILE} upstreaminfo` : 'off'};
  keepalive_requests ${UNLIMITED};
  keepalive_timeout ${IDLE_SECONDS};
  proxy_read_timeout ${IDLE_SECONDS};
  client_max_body_size 0;${place.site.gzip ? gzip : ''}
  server_names_hash_max_size 65536;
  server_names_hash_bucket_size 128;
  client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp; uwsgi_temp_path temp; scgi_temp_path temp;
  ${place.site.secure ? tls(place) : ''}${place.site.policies ? policiesAbove : ''}
  ${upstream('origin', place)}${place.site.policies ? upstream('canary', place) : ''}
  ${hosts.map((name) => server(name, place)).join('')}
}
`

export const nginx: PeerKind = {
  tool: 'nginx',
  plan: (place) => ({
    files: { 'nginx.conf': config(place, hostsOf(place.site)), 'temp/.keep': '' },
    command: [toolPath('nginx'), '-p', place.folder, '-e', 'stderr', '-c', 'nginx.conf'],
  }),
  change(place, { pid, n }) {
    put(place.folder, { 'nginx.conf': config(place, [...hostsOf(place.site), ...Array.from({ length: n }, (_, i) => newHost(i + 1))]) })
    process.kill(pid, 'SIGHUP')
  },
}
