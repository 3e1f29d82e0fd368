// Secrets and ConfigMaps that something refers to: live when they change, without a touch of who refers to them; the others stay unread.
import { beforeAll, expect, test } from 'bun:test'
import { connect } from 'node:tls'
import { certificate } from '../support/certificate.ts'
import { type Program } from '../support/program.ts'
import { until } from '../support/until.ts'
import type { Kube } from './kube.ts'
import { app, ask, cluster, ingress, scene } from './scene.ts'

const here = scene()
let kube: Kube
let program: Program
let ns: string

const secret = (name: string, { cert, key }: { readonly cert: string; readonly key: string }) => ({
  apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: ns }, type: 'kubernetes.io/tls', data: { 'tls.crt': btoa(cert), 'tls.key': btoa(key) },
})
const settings = (data: Readonly<Record<string, string>>) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: ns }, data })
const fields = (data: Readonly<Record<string, string>>) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'fields', namespace: ns }, data })

/** The CN of the certificate that a client with this server name is shown. */
const shown = (servername: string): Promise<string> => new Promise((resolve, reject) => {
  const socket = connect({ port: program.https, host: '127.0.0.1', servername, rejectUnauthorized: false }, () => {
    resolve(String(socket.getPeerCertificate().subject.CN))
    socket.destroy()
  })
  socket.on('error', reject)
})

beforeAll(async () => {
  kube = (await cluster()).kube
  ns = await here.namespace()
  await kube.apply(...app('echo', ns), settings({ 'add-headers': `${ns}/fields` }), fields({ 'X-Answer': 'first' }),
    ingress('web', ns, { rules: [{ host: 'secure.example', to: 'echo' }], tls: [{ hosts: ['secure.example'], secretName: 'tls' }], annotations: { 'nginx.ingress.kubernetes.io/ssl-redirect': 'false' } }))
  program = await here.lintel(`--configmap=${ns}/settings`)
  await until('served', async () => (await ask(program, 'secure.example')).status === 200, 15_000)
})

test('a Secret that comes after its Ingress, changes and goes, is followed', async () => {
  expect(await shown('secure.example')).toContain('Fake Certificate')
  await kube.apply(secret('tls', await certificate({ names: ['secure.example'], subject: 'CN=first' })))
  await until('the first is shown', async () => await shown('secure.example') === 'first')
  await kube.apply(secret('tls', await certificate({ names: ['secure.example'], subject: 'CN=second' })))
  await until('the second is shown', async () => await shown('secure.example') === 'second')
  await kube.delete(secret('tls', { cert: '', key: '' }))
  await until('it is gone', async () => (await shown('secure.example')).includes('Fake Certificate'))
})

test('a Secret that is there before anything refers to it is read when something does', async () => {
  await kube.apply(secret('early', await certificate({ names: ['early.example'], subject: 'CN=early' })))
  await kube.apply(ingress('early', ns, { rules: [{ host: 'early.example', to: 'echo' }], tls: [{ hosts: ['early.example'], secretName: 'early' }] }))
  await until('it is shown', async () => await shown('early.example') === 'early')
})

test('a ConfigMap that the ConfigMap refers to is followed', async () => {
  const answer = async () => (await fetch(program.url, { headers: { Host: 'secure.example' } })).headers.get('X-Answer')
  await until('the field is there', async () => await answer() === 'first')
  await kube.apply(fields({ 'X-Answer': 'second' }))
  await until('the new value is there', async () => await answer() === 'second')
})
