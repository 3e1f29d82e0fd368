// ConfigMap keys about proxies in front: use-forwarded-headers, proxy-real-ip-cidr, compute-full-forwarded-for, forwarded-for-header.
import { beforeAll, expect, test } from 'bun:test'
import { echoUpstream } from '../support/echo.ts'
import { values } from '../support/http1.ts'
import { start, type Program } from '../support/program.ts'
import { app, ask, configure, CONFIGURED, echoed, resources, route } from './scene.ts'

const keep = resources()
let program: Program
beforeAll(async () => {
  program = await keep(start({ flags: [CONFIGURED], manifests: [...app('app', await keep(echoUpstream())), route({ to: 'app' })] }))
})

const CLAIMS = [['X-Forwarded-For', '203.0.113.9'], ['X-Forwarded-Proto', 'https'], ['X-Forwarded-Host', 'outer.example'], ['X-Forwarded-Port', '8443']] as const
const REPORTED = ['x-real-ip', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-port']
async function seen(fields: readonly (readonly [string, string])[] = CLAIMS): Promise<string[]> {
  const { headers } = echoed(await ask(program.http, { fields }))
  return REPORTED.map((name) => values(headers, name).join(' & '))
}

test('without them nobody is believed', async () => {
  expect(await seen()).toEqual(['127.0.0.1', '127.0.0.1', 'http', 'app.example', String(program.http)])
})

test('use-forwarded-headers believes the peer', async () => {
  await configure(program, { 'use-forwarded-headers': 'true' })
  expect(await seen()).toEqual(['203.0.113.9', '203.0.113.9', 'https', 'outer.example', '8443'])
  expect(await seen([])).toEqual(['127.0.0.1', '127.0.0.1', 'http', 'app.example', String(program.http)])
})

test('proxy-real-ip-cidr: peers of these networks only', async () => {
  await configure(program, { 'use-forwarded-headers': 'true', 'proxy-real-ip-cidr': '10.0.0.0/8' })
  expect(await seen()).toEqual(['127.0.0.1', '127.0.0.1', 'http', 'app.example', String(program.http)])
  await configure(program, { 'use-forwarded-headers': 'true', 'proxy-real-ip-cidr': '10.0.0.0/8,127.0.0.0/8' })
  const chain = [['X-Forwarded-For', '198.51.100.7, 203.0.113.9, 10.1.1.1']] as const
  expect((await seen(chain)).slice(0, 2)).toEqual(['203.0.113.9', '203.0.113.9'])
})

test('compute-full-forwarded-for appends the peer', async () => {
  await configure(program, { 'use-forwarded-headers': 'true', 'compute-full-forwarded-for': 'true' })
  expect((await seen())[1]).toBe('203.0.113.9, 127.0.0.1')
})

test('forwarded-for-header names the field that is believed', async () => {
  await configure(program, { 'use-forwarded-headers': 'true', 'forwarded-for-header': 'CF-Connecting-IP' })
  const both = [['CF-Connecting-IP', '198.51.100.1'], ['X-Forwarded-For', '203.0.113.9']] as const
  expect((await seen(both)).slice(0, 2)).toEqual(['198.51.100.1', '198.51.100.1'])
})
