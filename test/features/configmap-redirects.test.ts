// ConfigMap keys about HTTPS: ssl-redirect, force-ssl-redirect, http-redirect-code, hsts*, ssl-protocols, ssl-ciphers, each seen to act.
import { beforeAll, expect, test } from 'bun:test'
import { TLSSocket } from 'node:tls'
import { certificate } from '../support/certificate.ts'
import { echoUpstream } from '../support/echo.ts'
import { values } from '../support/http1.ts'
import { backend, configMap, ingress, tlsSecret } from '../support/manifests.ts'
import { start, toYaml, type Program } from '../support/program.ts'
import { rawClient, type TlsOptions } from '../support/raw-client.ts'
import { app, ask, configure, CONFIGURED, issues, resources, route } from './scene.ts'

const keep = resources()
const secure = { host: 'secure.example', target: '/x', tls: { servername: 'secure.example' } }
let program: Program
beforeAll(async () => {
  program = await keep(start({ flags: [CONFIGURED], manifests: [
    ...app('app', await keep(echoUpstream())),
    route({ to: 'app', host: 'plain.example' }),
    ingress({ metadata: { name: 'secure' }, tls: [{ hosts: ['secure.example'], secretName: 'pair' }], rules: [{ host: 'secure.example', paths: [{ backend: backend('app') }] }] }),
    tlsSecret({ name: 'pair' }, await certificate({ names: ['secure.example'], kind: 'rsa' })),
  ] }))
})

const status = async (host: string) => (await ask(program.http, { host, target: '/x' })).status
const hsts = async () => values((await ask(program.https, secure)).fields, 'strict-transport-security')

test('ssl-redirect: hosts with TLS alone, and none when it is off', async () => {
  expect([await status('secure.example'), await status('plain.example')]).toEqual([308, 200])
  await configure(program, { 'ssl-redirect': 'false' })
  expect([await status('secure.example'), await status('plain.example')]).toEqual([200, 200])
})

test('force-ssl-redirect: hosts without TLS too', async () => {
  await configure(program, { 'force-ssl-redirect': 'true' })
  expect([await status('secure.example'), await status('plain.example')]).toEqual([308, 308])
})

test('http-redirect-code', async () => {
  await configure(program, { 'http-redirect-code': '307' })
  const { status, fields } = await ask(program.http, { host: 'secure.example', target: '/x?y' })
  expect([status, values(fields, 'location')]).toEqual([307, ['https://secure.example/x?y']])
})

test.each([
  [{ hsts: 'false' }, []],
  [{ 'hsts-max-age': '60' }, ['max-age=60; includeSubDomains']],
  [{ 'hsts-include-subdomains': 'false' }, ['max-age=31536000']],
  [{ 'hsts-preload': 'true' }, ['max-age=31536000; includeSubDomains; preload']],
])('%j → %j', async (data, expected) => {
  await configure(program, data)
  expect(await hsts()).toEqual(expected)
})

/** Protocol and cipher of a handshake; undefined: refused. */
async function handshake(options: TlsOptions & { ciphers?: string }): Promise<{ protocol: string | null; cipher: string } | undefined> {
  const client = await rawClient(program.https, { tls: { servername: 'secure.example', ...options } }).catch(() => undefined)
  if (!client) return undefined
  const { socket } = await keep(client)
  if (!(socket instanceof TLSSocket)) throw new Error('not TLS')
  return { protocol: socket.getProtocol(), cipher: socket.getCipher().name }
}

test('ssl-protocols: handshakes from now on, and only those', async () => {
  const open = await keep(rawClient(program.https, { tls: { servername: 'secure.example', maxVersion: 'TLSv1.2' } }))
  await configure(program, { 'ssl-protocols': 'TLSv1.3' })
  expect(await handshake({ maxVersion: 'TLSv1.2' })).toBeUndefined()
  expect(await handshake({})).toMatchObject({ protocol: 'TLSv1.3' })
  open.send('GET /x HTTP/1.1\r\nHost: secure.example\r\n\r\n')
  expect((await open.response())?.status).toBe(200)
  await configure(program, { 'ssl-protocols': 'TLSv1.2' })
  expect(await handshake({})).toMatchObject({ protocol: 'TLSv1.2' })
})

test('ssl-ciphers: what TLS 1.2 agrees on', async () => {
  for (const cipher of ['ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES128-GCM-SHA256']) {
    await configure(program, { 'ssl-ciphers': cipher })
    expect(await handshake({ maxVersion: 'TLSv1.2' })).toMatchObject({ cipher })
  }
})

test('a list without any cipher is an issue, and the default stands', async () => {
  await configure(program, { 'ssl-ciphers': 'NO-SUCH-CIPHER', 'ssl-protocols': 'TLSv1.2' })
  expect(await issues(program)).toMatchObject([{ field: 'ssl-ciphers', reason: expect.stringContaining('NO-SUCH-CIPHER') }])
  expect(await handshake({})).toMatchObject({ protocol: 'TLSv1.2' })
})

test('add-headers with Strict-Transport-Security replaces ours', async () => {
  program.write('fields.yaml', toYaml([configMap({ name: 'fields' }, { 'Strict-Transport-Security': 'max-age=1' })]))
  await configure(program, { 'add-headers': 'default/fields' })
  expect(await hsts()).toEqual(['max-age=1'])
})
