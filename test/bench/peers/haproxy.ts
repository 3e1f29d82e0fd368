// HAProxy with one thread and the fields that nginx is given.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../support/ports.ts'
import type { Setup } from '../setup.ts'
import { toolPath } from '../tools.ts'
import { type Peer, startPeer } from './peer.ts'

/** Long enough that no timer ends anything. */
const TIMEOUT = '5m'

const FIELDS = {
  'X-Request-ID': '%[uuid()]', 'X-Real-IP': '%[src]', 'X-Forwarded-For': '%[src]', 'X-Forwarded-Host': '%[req.hdr(host)]', 'X-Forwarded-Port': '%[dst_port]',
}
const SCHEME_FIELDS = ['X-Forwarded-Proto', 'X-Forwarded-Scheme', 'X-Scheme']

const config = (port: number, { secure, grpc, originPort, folder }: Setup) => `
global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect ${TIMEOUT}
  timeout client ${TIMEOUT}
  timeout server ${TIMEOUT}
frontend in
  bind 127.0.0.1:${port}${secure ? ` ssl crt ${folder}/pair.pem alpn h2,http/1.1` : ''}
  ${Object.entries(FIELDS).map(([name, value]) => `http-request set-header ${name} ${value}`).join('\n  ')}
  ${SCHEME_FIELDS.map((name) => `http-request set-header ${name} ${secure ? 'https' : 'http'}`).join('\n  ')}
  default_backend out
backend out
  http-reuse always
  server origin 127.0.0.1:${originPort}${grpc ? ' proto h2' : ''}
`

export const startHaproxy = (setup: Setup): Promise<Peer> => {
  const port = freePort()
  const file = join(setup.folder, 'haproxy.cfg')
  writeFileSync(file, config(port, setup))
  return startPeer('haproxy', port, [toolPath('haproxy'), '-db', '-f', file])
}
