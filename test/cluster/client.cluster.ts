// Ways to the API server: tokens from files that rotate, exec plugins, proxies; and a CA that did not sign its certificate.
import { beforeAll, expect, test } from 'bun:test'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { certificate } from '../support/certificate.ts'
import { until } from '../support/until.ts'
import { kubeconfig } from './credentials.ts'
import { cluster, scene } from './scene.ts'

const here = scene()
let folder: string
let server: string
let ca: string
let token: string

beforeAll(async () => {
  const { plane, kube } = await cluster();
  ({ folder, server } = plane.files)
  ca = readFileSync(plane.files.ca, 'utf8')
  const ns = await here.namespace()
  const account = { name: 'client', namespace: ns }
  await kube.apply(
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: account },
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: 'client-test' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' }, subjects: [{ kind: 'ServiceAccount', ...account }] },
  );
  ({ status: { token } } = await kube.request('POST', `/api/v1/namespaces/${ns}/serviceaccounts/client/token`, { body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} } }) as { status: { token: string } })
})

function write(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
const program = (config: string, flags: readonly string[] = []) => here.lintelAs(write(`${Bun.hash(config)}.kubeconfig`, config), { flags: ['--disable-leader-election', ...flags] })
const issues = async (port: number) => (await fetch(`http://127.0.0.1:${port}/issues`)).text()

test('a token file is read for each request: a token that is refused is told, a new one is used at once', async () => {
  const tokenFile = write('token', 'nonsense')
  const starting = program(kubeconfig({ server, ca, user: { tokenFile } }), ['--healthz-port=10901'])
  await until('it says that the token is refused', async () => (await issues(10901)).includes('does not know who we are'), 15_000)
  write('token', `${token}\n`)
  expect((await starting).ready['http']).toBeDefined()
  await until('nothing is left of it', async () => !(await issues(10901)).includes('does not know who we are'), 15_000)
})

test('an exec plugin is asked for the token', async () => {
  const plugin = write('plugin', `#!/bin/sh\necho '${JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: { token } })}'\n`)
  chmodSync(plugin, 0o755)
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: plugin, interactiveMode: 'Never' }
  expect((await program(kubeconfig({ server, ca, user: { exec } }))).ready['http']).toBeDefined()
})

test('proxy-url is used', async () => {
  let tunnels = 0
  const proxy = createServer((client) => {
    client.once('data', (head) => {
      const target = /^CONNECT (\S+):(\d+) /.exec(head.toString('latin1'))
      if (target === null) return void client.destroy()
      tunnels++
      const upstream = connect(Number(target[2]), target[1] ?? '', () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n')
        client.pipe(upstream).pipe(client)
      })
      upstream.on('error', () => client.destroy())
    }).on('error', () => undefined)
  })
  await new Promise<void>((resolve) => { proxy.listen(3128, '127.0.0.1', resolve) })
  const config = JSON.parse(kubeconfig({ server, ca, user: { token } }))
  config.clusters[0].cluster['proxy-url'] = 'http://127.0.0.1:3128'
  const { ready } = await program(JSON.stringify(config))
  expect(ready['http']).toBeDefined()
  expect(tunnels).toBeGreaterThan(0)
  proxy.close()
})

test('a certificate that the CA did not sign is refused, and told', async () => {
  const other = await certificate({ names: ['other-ca'], ca: true })
  const config = write('wrong-ca.kubeconfig', kubeconfig({ server, ca: other.cert, user: { token } }))
  const child = Bun.spawn([process.execPath, 'src/main.ts', `--kubeconfig=${config}`, '--http-port=0', '--https-port=0', '--healthz-port=0', '--bind-address=127.0.0.1', '--disable-leader-election'], { stdout: 'ignore', stderr: 'pipe' })
  let text = ''
  for await (const chunk of child.stderr.pipeThrough(new TextDecoderStream())) {
    text += chunk
    if (/can't be read .*(?:certificate|CERT|ISSUER|SIGNATURE)/.test(text)) child.kill('SIGKILL')
  }
  expect(text).toMatch(/issue API server \w+ in all namespaces: can't be read/)
})
