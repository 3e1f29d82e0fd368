// What a kubeconfig says of the server and of who we are, and what is told of one that says nothing of use. Without a cluster.
import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { credentials } from '../../src/cluster/kubeconfig.ts'

const folder = mkdtempSync(join(tmpdir(), 'lintel-kubeconfig-'))
afterAll(() => rmSync(folder, { recursive: true }))

const base64 = (text: string) => Buffer.from(text).toString('base64')
const write = (name: string, text: string) => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
const config = (cluster: object, user: object) => ({
  apiVersion: 'v1', kind: 'Config', 'current-context': 'here', preferences: {},
  contexts: [{ name: 'other', context: null }, { name: 'here', context: { cluster: 'here', user: 'me', namespace: 'default' } }],
  clusters: [{ name: 'other', cluster: { server: 7 } }, { name: 'here', cluster: { server: 'https://api:6443/', ...cluster } }],
  users: [{ name: 'me', user }],
})
const flags = { kubeconfig: '', apiserverHost: '', certificateAuthority: '' }
const of = (content: object) => credentials({ ...flags, kubeconfig: write('config', JSON.stringify(content)) }, {})
const accessOf = (cluster: object, user: object) => of(config(cluster, user)).read()

test('the current context counts, and others are not even looked at', async () => {
  expect(of(config({}, {})).server).toBe('https://api:6443')
  expect(await accessOf({}, {})).toEqual({ tls: {}, headers: {}, proxy: undefined })
})

test('data goes before a file, and a file is relative to the kubeconfig', async () => {
  write('ca.crt', 'CA of a file')
  expect((await accessOf({ 'certificate-authority': 'ca.crt' }, {})).tls).toEqual({ ca: 'CA of a file' })
  expect((await accessOf({ 'certificate-authority': 'ca.crt', 'certificate-authority-data': base64('CA') }, {})).tls).toEqual({ ca: 'CA' })
})

test('a client certificate, a server name, a proxy, no verification', async () => {
  const cluster = { 'tls-server-name': 'kubernetes', 'insecure-skip-tls-verify': true, 'proxy-url': 'http://proxy:3128' }
  const user = { 'client-certificate-data': base64('CERT'), 'client-key-data': base64('KEY') }
  expect(await accessOf(cluster, user)).toEqual({ tls: { cert: 'CERT', key: 'KEY', serverName: 'kubernetes', rejectUnauthorized: false }, headers: {}, proxy: 'http://proxy:3128' })
})

test.each([
  [{ token: 'T' }, { Authorization: 'Bearer T' }],
  [{ username: 'u', password: 'p' }, { Authorization: `Basic ${btoa('u:p')}` }],
  [{ token: 'T', as: 'somebody' }, { 'Authorization': 'Bearer T', 'Impersonate-User': 'somebody' }],
])('%j', async (user, headers) => {
  expect((await accessOf({}, user)).headers).toEqual(headers)
})

test('a token file goes before a token, and is read again each time', async () => {
  const tokenFile = write('token', 'first\n')
  const login = of(config({}, { token: 'T', tokenFile }))
  expect((await login.read()).headers).toEqual({ Authorization: 'Bearer first' })
  write('token', 'second\n')
  expect((await login.read()).headers).toEqual({ Authorization: 'Bearer second' })
})

test('a plugin adds what it tells', async () => {
  const status = { token: 'of the plugin', clientCertificateData: 'CERT', clientKeyData: 'KEY' }
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'echo', args: [JSON.stringify({ status })], interactiveMode: 'Never' }
  const { tls, headers } = await accessOf({ 'certificate-authority-data': base64('CA') }, { exec })
  expect({ tls, headers }).toEqual({ tls: { ca: 'CA', cert: 'CERT', key: 'KEY' }, headers: { Authorization: 'Bearer of the plugin' } })
})

test('without a plugin the Kubernetes client is not loaded: it would take 46 MB', async () => {
  const script = `import { credentials } from '${join(import.meta.dir, '../../src/cluster/kubeconfig.ts')}'
    await credentials(${JSON.stringify({ ...flags, kubeconfig: write('config', JSON.stringify(config({}, { token: 'T' }))) })}, {}).read()
    console.log(Object.keys(require.cache).filter((path) => path.includes('client-node')).length)`
  const { stdout, exitCode } = Bun.spawnSync([process.execPath, write('script.ts', script)])
  expect([exitCode, stdout.toString()]).toEqual([0, '0\n'])
})

test.each([
  [{}, 'has no cluster for its context ""'],
  [{ ...config({}, {}), 'current-context': 'gone' }, 'has no cluster for its context "gone": choose another with kubectl config use-context'],
  [config({ server: '' }, {}), 'clusters "here".server: '],
  [config({}, { token: 7 }), 'users "me".token: '],
  [{ clusters: 7 }, 'clusters: '],
])('refused: %j', (content, reason) => {
  expect(() => of(content)).toThrow(reason)
})

test('--apiserver-host is asked without TLS unless it says https, as kubectl proxy is', async () => {
  const login = credentials({ ...flags, apiserverHost: '127.0.0.1:8001' }, {})
  expect([login.server, await login.read()]).toEqual(['http://127.0.0.1:8001', { tls: {}, headers: {}, proxy: undefined }])
  const secure = credentials({ ...flags, apiserverHost: 'https://api', certificateAuthority: write('ca.crt', 'CA') }, {})
  expect([secure.server, (await secure.read()).tls]).toEqual(['https://api', { ca: 'CA' }])
})
