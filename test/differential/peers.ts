// nginx and HAProxy as Debian has them, in front of the origin, as forgiving as their defaults are.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '../support/until.ts'

export type Peer = { readonly name: string; readonly port: number; stop(): Promise<void> }

/** Clients here half-close: nginx would take that for leaving. */
const nginxConfig = (port: number, origin: number, folder: string) => `
daemon off; worker_processes 1; pid ${folder}/pid; error_log /dev/null crit;
events { worker_connections 512; }
http {
  access_log off; client_header_timeout 1s; client_body_timeout 1s;
  client_body_temp_path ${folder}/a; proxy_temp_path ${folder}/b; fastcgi_temp_path ${folder}/c; uwsgi_temp_path ${folder}/d; scgi_temp_path ${folder}/e;
  server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${origin}; proxy_http_version 1.1; proxy_set_header Host $http_host; proxy_ignore_client_abort on; } }
}
`
const haproxyConfig = (port: number, origin: number) => `
global
  nbthread 1
defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 1s
  timeout http-request 1s
frontend in
  bind 127.0.0.1:${port}
  default_backend out
backend out
  server origin 127.0.0.1:${origin}
`

const freePort = (): number => {
  const probe = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  probe.stop(true)
  return probe.port
}

const accepts = (port: number): Promise<boolean> => new Promise((resolve) => {
  const socket = connect({ port, host: '127.0.0.1' }, () => { socket.destroy(); resolve(true) })
  socket.on('error', () => resolve(false))
})

const startPeer = async (name: string, config: (port: number, folder: string) => string, command: (file: string) => string[]): Promise<Peer> => {
  const folder = mkdtempSync(join(tmpdir(), `lintel-${name}-`))
  const port = freePort()
  const file = join(folder, 'config')
  writeFileSync(file, config(port, folder))
  const child = Bun.spawn(command(file), { stdout: 'ignore', stderr: 'ignore' })
  await until(`${name} accepts connections`, () => accepts(port))
  return { name, port, async stop() { child.kill(); await child.exited; rmSync(folder, { recursive: true }) } }
}

/** What is not installed is not there: `missing` names it. */
export const startPeers = async (origin: number): Promise<{ peers: Peer[]; missing: string[] }> => {
  const nginx = Bun.which('nginx') ?? Bun.which('/usr/sbin/nginx')
  const haproxy = Bun.which('haproxy') ?? Bun.which('/usr/sbin/haproxy')
  const peers: Peer[] = []
  if (nginx !== null) peers.push(await startPeer('nginx', (port, folder) => nginxConfig(port, origin, folder), (file) => [nginx, '-c', file]))
  if (haproxy !== null) peers.push(await startPeer('haproxy', (port) => haproxyConfig(port, origin), (file) => [haproxy, '-f', file]))
  return { peers, missing: [nginx === null ? 'nginx' : '', haproxy === null ? 'haproxy' : ''].filter((name) => name !== '') }
}
