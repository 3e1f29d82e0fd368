// What is measured: nginx and Lintel in front of the same backend, each on core 0, one worker, access log off. The request
// fields are the ones that ingress-nginx sets; the keep-alive limits are lifted in both.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { configMap, ingress, service } from '../support/manifests.ts'
import { start } from '../support/program.ts'
import { until } from '../support/until.ts'

export type Peer = { readonly name: string; readonly url: string; readonly pid: number; stop(): Promise<unknown> }

export const proxyCore = 0
export const host = 'bench.example.com'
const onProxyCore = ['taskset', '-c', `${proxyCore}`]
const unlimited = '100000000'

const nginxConfig = (port: number, backendPort: number) => `
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr crit;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests ${unlimited};
  client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp; uwsgi_temp_path temp; scgi_temp_path temp;
  upstream backend {
    server 127.0.0.1:${backendPort};
    keepalive 64;
    keepalive_requests ${unlimited};
  }
  server {
    listen 127.0.0.1:${port};
    server_name ${host};
    location / {
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Request-ID $request_id;
      proxy_set_header X-Real-IP $remote_addr;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Forwarded-Port $server_port;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Scheme $scheme;
      proxy_set_header X-Scheme $scheme;
    }
  }
}
`

const freePort = (): number => {
  const probe = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  probe.stop(true)
  return probe.port
}

export const startNginx = async (nginx: string, backendPort: number): Promise<Peer> => {
  const folder = mkdtempSync(join(tmpdir(), 'lintel-bench-'))
  mkdirSync(join(folder, 'temp'))
  const port = freePort()
  const url = `http://127.0.0.1:${port}/`
  await Bun.write(join(folder, 'nginx.conf'), nginxConfig(port, backendPort))
  const child = Bun.spawn([...onProxyCore, nginx, '-p', folder, '-e', 'stderr', '-c', 'nginx.conf'], { stdin: 'ignore', stdout: 'inherit', stderr: 'inherit' })
  const kill = () => child.kill('SIGTERM')
  process.once('exit', kill)
  const stop = async () => {
    kill()
    await child.exited
    process.off('exit', kill)
    rmSync(folder, { recursive: true, force: true })
  }
  await until('nginx answers', () => fetch(url).then(() => true, () => false))
  return { name: 'nginx', url, pid: child.pid, stop }
}

const metadata = { name: 'bench' }
export const lintelManifests = (backendPort: number): object[] => [
  ingress({ metadata, rules: [{ host, paths: [{ path: '/', backend: { service: { name: 'bench', port: { number: 80 } } } }] }] }),
  ...service({ metadata, ports: [{ name: 'http', port: 80 }], endpoints: [backendPort] }),
  configMap(metadata, { 'disable-access-log': 'true', 'keep-alive-requests': unlimited, 'upstream-keepalive-requests': unlimited }),
]

export const startLintel = async (backendPort: number): Promise<Peer> => {
  const program = await start({
    manifests: lintelManifests(backendPort),
    flags: ['--configmap=default/bench', '--workers=1'],
    command: [...onProxyCore, process.execPath, 'src/main.ts'],
  })
  return { name: 'Lintel', url: `${program.url}/`, pid: program.pid, stop: program.stop }
}
