// What an upstream is told about the client, what it is not told, and which fields stay on their own connection.
import { beforeAll, describe, expect, test } from 'bun:test'
import { certificate } from '../support/certificate.ts'
import { echoUpstream } from '../support/echo.ts'
import { values, type FieldLine } from '../support/http1.ts'
import { tlsSecret } from '../support/manifests.ts'
import { start, type Program } from '../support/program.ts'
import { app, ask, echoed, resources, route } from './scene.ts'

const keep = resources()
let program: Program
beforeAll(async () => {
  const noisy = await keep(echoUpstream({ name: 'noisy', respond: () => ({ fields: [
    ['Connection', 'X-Private, close'], ['X-Private', '1'], ['Keep-Alive', 'timeout=5'], ['Proxy-Connection', 'close'], ['X-Public', '1'],
  ] }) }))
  program = await keep(start({ flags: ['--default-ssl-certificate=default/pair'], manifests: [
    ...app('app', await keep(echoUpstream())), route({ to: 'app' }), ...app('noisy', noisy), route({ to: 'noisy', path: '/noisy' }),
    route({ name: 'named', to: 'app', host: 'named.example', annotations: { 'nginx.ingress.kubernetes.io/upstream-vhost': 'inner.example' } }),
    tlsSecret({ name: 'pair' }, await certificate({ names: ['app.example'] })),
  ] }))
})

async function seen(names: readonly string[], fields: readonly FieldLine[] = [], tls = false): Promise<Record<string, string[]>> {
  const { headers } = echoed(await ask(tls ? program.https : program.http, { host: 'app.example:8080', fields, ...tls && { tls: { servername: 'app.example' } } }))
  return Object.fromEntries(names.map((name) => [name, values(headers, name)]))
}

const FORWARDING = ['Host', 'X-Real-IP', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Port', 'X-Forwarded-Proto', 'X-Forwarded-Scheme', 'X-Scheme']
const overHttp = () => ({
  'Host': ['app.example:8080'], 'X-Real-IP': ['127.0.0.1'], 'X-Forwarded-For': ['127.0.0.1'], 'X-Forwarded-Host': ['app.example:8080'],
  'X-Forwarded-Port': [String(program.http)], 'X-Forwarded-Proto': ['http'], 'X-Forwarded-Scheme': ['http'], 'X-Scheme': ['http'],
})

describe('forwarding fields', () => {
  test('over HTTP', async () => { expect(await seen(FORWARDING)).toEqual(overHttp()) })

  test('over HTTPS', async () => {
    expect(await seen(FORWARDING, [], true)).toEqual({
      ...overHttp(), 'X-Forwarded-Port': ['443'], 'X-Forwarded-Proto': ['https'], 'X-Forwarded-Scheme': ['https'], 'X-Scheme': ['https'],
    })
  })

  test('what a client claims about itself is replaced, in any case and number; its addresses stay visible as claims', async () => {
    const claims = [
      ['x-forwarded-for', '6.6.6.6'], ['X-FORWARDED-FOR', '7.7.7.7'], ['X-Real-Ip', '6.6.6.6'], ['X-Forwarded-Host', 'evil.example'], ['X-Forwarded-Port', '1'],
      ['X-Forwarded-Proto', 'https'], ['X-Forwarded-Scheme', 'https'], ['X-Scheme', 'https'], ['Forwarded', 'for=6.6.6.6'], ['X-Original-Forwarded-For', '8.8.8.8'],
    ] as const
    expect(await seen(FORWARDING, claims)).toEqual(overHttp())
    expect(await seen(['Forwarded', 'X-Original-Forwarded-For'], claims)).toEqual({ 'Forwarded': [], 'X-Original-Forwarded-For': ['6.6.6.6, 7.7.7.7'] })
  })

  test('and the next request on the same connection is told the truth again', async () => {
    await seen(FORWARDING, [['X-Forwarded-For', '6.6.6.6']])
    expect(await seen(FORWARDING)).toEqual(overHttp())
  })

  test('upstream-vhost changes Host, not what the client asked for', async () => {
    const { headers } = echoed(await ask(program.http, { host: 'named.example' }))
    expect([values(headers, 'host'), values(headers, 'x-forwarded-host')]).toEqual([['inner.example'], ['named.example']])
  })
})

describe('X-Request-ID', () => {
  test('is made where there is none, a new one each time', async () => {
    const ids = [await seen(['X-Request-ID']), await seen(['X-Request-ID'])].map((fields) => fields['X-Request-ID'])
    for (const id of ids) expect(id).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)])
    expect(ids[0]).not.toEqual(ids[1])
  })

  test('is kept where the client sent one', async () => {
    expect(await seen(['X-Request-ID'], [['x-request-id', 'abc-123']])).toEqual({ 'X-Request-ID': ['abc-123'] })
  })
})

describe('hop-by-hop fields', () => {
  test('of a request, those that Connection names too', async () => {
    const fields = [
      ['Connection', 'keep-alive, X-Private, X-Other'], ['Connection', 'x-third'], ['X-Private', '1'], ['x-other', '1'], ['X-Third', '1'], ['Keep-Alive', 'timeout=5'],
      ['Proxy-Connection', 'keep-alive'], ['Proxy-Authorization', 'Basic x'], ['TE', 'gzip'], ['Upgrade', 'websocket'], ['Proxy', 'http://evil'], ['X-Public', '1'],
    ] as const
    const names = fields.map(([name]) => name)
    expect(await seen(names, fields)).toEqual({ ...Object.fromEntries(names.map((name) => [name, []])), 'X-Public': ['1'] })
  })

  test('Connection can not take away what routes and frames', async () => {
    const { headers, body } = echoed(await ask(program.http, { method: 'POST', body: 'abc', fields: [['Connection', 'Host, Content-Length, X-Forwarded-For, X-Real-IP']] }))
    expect([body, values(headers, 'host'), values(headers, 'x-forwarded-for'), values(headers, 'x-real-ip')]).toEqual(['abc', ['app.example'], ['127.0.0.1'], ['127.0.0.1']])
  })

  test('of an answer', async () => {
    const { fields } = await ask(program.http, { target: '/noisy' })
    const names = ['Connection', 'X-Private', 'Keep-Alive', 'Proxy-Connection', 'X-Public']
    expect(names.map((name) => values(fields, name))).toEqual([[], [], [], [], ['1']])
  })
})
