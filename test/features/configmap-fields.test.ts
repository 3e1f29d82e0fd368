// ConfigMap keys about fields: add-headers, proxy-set-headers, hide-headers, server-tokens, allow-backend-server-header.
import { beforeAll, expect, test } from 'bun:test'
import { echoUpstream } from '../support/echo.ts'
import { values } from '../support/http1.ts'
import { configMap } from '../support/manifests.ts'
import { start, toYaml, type Program } from '../support/program.ts'
import { app, applied, ask, configure, CONFIGURED, echoed, issues, resources, route } from './scene.ts'

const keep = resources()
let program: Program
beforeAll(async () => {
  const plain = await keep(echoUpstream({ name: 'plain' }))
  const chatty = await keep(echoUpstream({ name: 'chatty', respond: () => ({ fields: [['Server', 'origin/1'], ['X-Powered-By', 'php'], ['X-Frame', 'theirs'], ['X-Kept', '1']] }) }))
  program = await keep(start({ flags: [CONFIGURED], manifests: [
    ...app('plain', plain), ...app('chatty', chatty), route({ to: 'plain' }), route({ to: 'chatty', path: '/chatty' }),
    configMap({ name: 'answers' }, { 'X-Frame': 'ours', 'X-Extra': 'a, b', Connection: 'close' }),
    configMap({ name: 'own' }, { 'X-Forwarded-Proto': 'https', 'X-Request-ID': 'fixed', 'Accept-Encoding': '' }),
    configMap({ name: 'requests' }, { 'X-Team': 'blue', 'X-Client': 'set by us' }),
  ] }))
})

const answered = async (name: string, target = '/chatty') => values((await ask(program.http, { target })).fields, name)

test('add-headers: on answers of upstreams, in place of theirs, and on our own', async () => {
  await configure(program, { 'add-headers': 'default/answers' })
  expect([await answered('x-frame'), await answered('x-extra'), await answered('x-kept')]).toEqual([['ours'], ['a, b'], ['1']])
  const own = await ask(program.http, { host: 'unknown.example' })
  expect([own.status, values(own.fields, 'x-frame')]).toEqual([404, ['ours']])
})

test('a field of the connection is refused there, with an issue', async () => {
  expect(await issues(program)).toMatchObject([{ object: 'ConfigMap default/answers', field: 'data.Connection' }])
  expect(await answered('connection')).toEqual([])
})

test('the fields change with their own ConfigMap', async () => {
  program.write('fields.yaml', toYaml([configMap({ name: 'later' }, { 'X-Frame': 'later' })]))
  await configure(program, { 'add-headers': 'default/later' })
  expect(await answered('x-frame')).toEqual(['later'])
  await applied(program, () => program.write('fields.yaml', toYaml([configMap({ name: 'later' }, { 'X-Frame': 'latest' })])))
  expect(await answered('x-frame')).toEqual(['latest'])
})

test('proxy-set-headers: on requests, in place of the client\'s', async () => {
  await configure(program, { 'proxy-set-headers': 'default/requests' })
  const { headers } = echoed(await ask(program.http, { fields: [['X-Client', 'theirs'], ['X-Other', '1']] }))
  expect([values(headers, 'x-team'), values(headers, 'x-client'), values(headers, 'x-other')]).toEqual([['blue'], ['set by us'], ['1']])
})

test('proxy-set-headers: in place of what we say about the client, once, and a field without a value is taken away', async () => {
  await configure(program, { 'proxy-set-headers': 'default/own' })
  const { headers } = echoed(await ask(program.http, { fields: [['Accept-Encoding', 'gzip'], ['X-Forwarded-Proto', 'gopher']] }))
  const names = ['x-forwarded-proto', 'x-request-id', 'accept-encoding', 'x-scheme']
  expect(names.map((name) => values(headers, name))).toEqual([['https'], ['fixed'], [], ['http']])
})

test('hide-headers', async () => {
  expect(await answered('x-powered-by')).toEqual(['php'])
  await configure(program, { 'hide-headers': 'X-Powered-By,x-kept' })
  expect([await answered('x-powered-by'), await answered('x-kept'), await answered('x-frame')]).toEqual([[], [], ['theirs']])
})

test('a field that says where an answer ends can not be hidden', async () => {
  await configure(program, { 'hide-headers': 'X-Powered-By,Content-Length' })
  expect(await issues(program)).toMatchObject([{ field: 'hide-headers', reason: expect.stringContaining('content-length') }])
  expect(await answered('content-length')).toEqual(['0'])
})

test('server-tokens and allow-backend-server-header', async () => {
  expect(await answered('server')).toEqual([])
  await configure(program, { 'allow-backend-server-header': 'true' })
  expect(await answered('server')).toEqual(['origin/1'])
  await configure(program, { 'server-tokens': 'true' })
  expect([await answered('server'), await answered('server', '/')]).toEqual([['lintel'], ['lintel']])
})
