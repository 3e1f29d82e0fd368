// nginx as ingress-nginx has it, but with its own buffering of answers (proxy_buffering on), which costs it less than half of what the
// `off` of ingress-nginx does with large ones: the harder comparison.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../support/ports.ts'
import { host } from '../load.ts'
import type { Setup } from '../setup.ts'
import { toolPath } from '../tools.ts'
import { type Peer, startPeer, UNLIMITED } from './peer.ts'

const FIELDS = {
  'Host': '$http_host', 'X-Request-ID': '$request_id', 'X-Real-IP': '$remote_addr', 'X-Forwarded-For': '$remote_addr', 'X-Forwarded-Host': '$http_host',
  'X-Forwarded-Port': '$server_port', 'X-Forwarded-Proto': '$scheme', 'X-Forwarded-Scheme': '$scheme', 'X-Scheme': '$scheme',
}
/** HTTP/2 has no Host field: there $host stands for it. */
const fieldsOf = ({ secure }: Setup) =>
  Object.entries(FIELDS).map(([name, value]) => [name, secure && value === '$http_host' ? '$host' : value])

const location = (setup: Setup): string => {
  const directive = setup.grpc ? 'grpc' : 'proxy'
  const fields = fieldsOf(setup).map(([name, value]) => `${directive}_set_header ${name} ${value};`).join('\n      ')
  if (setup.grpc) return `grpc_pass grpc://origin;\n      ${fields}`
  return `proxy_pass http://origin;\n      proxy_http_version 1.1;\n      proxy_set_header Connection "";\n      ${fields}`
}

/** Idle connections to the origin: nginx needs one for each request at a time, also for gRPC. */
const config = (port: number, setup: Setup) => `
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr crit;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests ${UNLIMITED};
  client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp; uwsgi_temp_path temp; scgi_temp_path temp;
  upstream origin {
    server 127.0.0.1:${setup.originPort};
    keepalive 512;
    keepalive_requests ${UNLIMITED};
  }
  server {
    listen 127.0.0.1:${port}${setup.secure ? ' ssl http2' : ''};
    server_name ${host};
    ssl_certificate ${setup.folder}/cert.pem;
    ssl_certificate_key ${setup.folder}/key.pem;
    location / {
      ${location(setup)}
    }
  }
}
`

export const startNginx = (setup: Setup): Promise<Peer> => {
  const folder = join(setup.folder, 'nginx')
  mkdirSync(join(folder, 'temp'), { recursive: true })
  const port = freePort()
  writeFileSync(join(folder, 'nginx.conf'), config(port, setup))
  return startPeer('nginx', port, [toolPath('nginx'), '-p', folder, '-e', 'stderr', '-c', 'nginx.conf'])
}
