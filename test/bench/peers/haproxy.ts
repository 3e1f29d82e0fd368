// HAProxy with the fields that nginx is given. Hosts are a map, and a change is a reload (its map could be changed at run time, too).
import { hostsOf, newHost } from '../site.ts'
import { toolPath } from '../tools.ts'
import { type PeerKind, type Place, put } from './peer.ts'

/** Long enough that no timer ends anything. */
const TIMEOUT = '1h'

const FIELDS = {
  'X-Request-ID': '%[uuid()]', 'X-Real-IP': '%[src]', 'X-Forwarded-For': '%[src]', 'X-Forwarded-Host': '%[req.hdr(host)]', 'X-Forwarded-Port': '%[dst_port]',
}
const SCHEME_FIELDS = ['X-Forwarded-Proto', 'X-Forwarded-Scheme', 'X-Scheme']

const config = ({ site, port, shared, originPort }: Place) => `
global
  nbthread ${site.workers}
  maxconn 9500
${site.log ? '  log stdout format raw local0\n' : ''}
defaults
  mode http
  timeout connect ${TIMEOUT}
  timeout client ${TIMEOUT}
  timeout server ${TIMEOUT}
  timeout tunnel ${TIMEOUT}
${site.log ? '  log global\n  option httplog\n' : ''}
frontend in
  bind 127.0.0.1:${port}${site.secure ? ` ssl crt ${shared}/pair.pem alpn h2,http/1.1` : ''}
  ${Object.entries(FIELDS).map(([name, value]) => `http-request set-header ${name} ${value}`).join('\n  ')}
  ${SCHEME_FIELDS.map((name) => `http-request set-header ${name} ${site.secure ? 'https' : 'http'}`).join('\n  ')}
  use_backend %[req.hdr(host),field(1,:),lower,map(hosts.map)]
backend out
  http-reuse always
${site.gzip ? '  filter compression\n  compression algo gzip\n  compression type application/json\n' : ''}  server origin 127.0.0.1:${originPort}${site.origin === 'grpc' ? ' proto h2' : ''}
`
const mapOf = (hosts: readonly string[]) => hosts.map((name) => `${name} out\n`).join('')

export const haproxy: PeerKind = {
  tool: 'haproxy',
  plan: (place) => ({
    files: { 'haproxy.cfg': config(place), 'hosts.map': mapOf(hostsOf(place.site)) },
    command: [toolPath('haproxy'), '-W', '-db', '-f', 'haproxy.cfg'],
  }),
  change(place, { pid, n }) {
    put(place.folder, { 'hosts.map': mapOf([...hostsOf(place.site), ...Array.from({ length: n }, (_, i) => newHost(i + 1))]) })
    process.kill(pid, 'SIGUSR2')
  },
}
