// `serving.ts ADDRESS`: the program by its defaults where the loopback address is ADDRESS, an origin there, and what a client, a probe and Prometheus get.
import { isIPv6 } from 'node:net'
import { backend, ingress } from '../support/manifests.ts'
import { start } from '../support/program.ts'

const HOST = 'app.example'
const [, , address = ''] = process.argv
const family = isIPv6(address) ? 'IPv6' : 'IPv4'
const bracketed = isIPv6(address) ? `[${address}]` : address

const origin = Bun.serve({ hostname: address, port: 0, fetch: (request) => Response.json({ from: request.headers.get('X-Forwarded-For') }) })
const slice = {
  apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name: 'app-1', labels: { 'kubernetes.io/service-name': 'app' } },
  addressType: family, ports: [{ name: 'http', port: origin.port, protocol: 'TCP' }], endpoints: [{ addresses: [address] }],
}
const app = [
  { apiVersion: 'v1', kind: 'Service', metadata: { name: 'app' }, spec: { ports: [{ name: 'http', port: 80 }] } }, slice,
  ingress({ metadata: { name: 'app' }, rules: [{ host: HOST, paths: [{ backend: backend('app:80') }] }] }),
]
// Not the tests' usual 127.0.0.1.
const program = await start({ manifests: app, flags: ['--bind-address='] })

const asked = async (scheme: string, port: number, path = '/') => {
  const answer = await fetch(`${scheme}://${bracketed}:${port}${path}`, { headers: { Host: HOST }, tls: { rejectUnauthorized: false } })
  return { status: answer.status, text: await answer.text() }
}
const [http, https, readyz, metrics] = [await asked('http', program.http), await asked('https', program.https), await asked('http', program.admin, '/readyz'), await asked('http', program.admin, '/metrics')]
await program.stop()
await origin.stop(true)
console.log(JSON.stringify({
  served: [http, https].map(({ status, text }) => [status, JSON.parse(text)]), readyz: readyz.status, counted: metrics.text.includes('lintel_'), trouble: program.stderr.filter((line) => line.startsWith('lintel: issue ')),
}))
