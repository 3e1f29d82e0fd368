// Forwarded fields of proxies in front, and of clients who would like to be somebody else: enable-real-ip, forwarded-for-header, forwarded-host-header, RFC 7239.
import { beforeAll, describe, expect, test } from 'bun:test'
import { echoUpstream } from '../support/echo.ts'
import { type FieldLine, values } from '../support/http1.ts'
import { start, type Program } from '../support/program.ts'
import { seen, seenBehind } from './proxied.ts'
import { app, ask, configure, CONFIGURED, echoed, resources, route } from './scene.ts'

const keep = resources()
let program: Program
beforeAll(async () => {
  program = await keep(start({ flags: [CONFIGURED], manifests: [...app('app', await keep(echoUpstream())), route({ to: 'app' }), ...['outer.example', 'inner.example'].map((host) => route({ name: host, to: 'app', host }))] }))
})

const US = '127.0.0.0/8, 10.0.0.0/8'
const headersOf = async (fields: readonly FieldLine[], target = '/') => echoed(await ask(program.http, { target, fields })).headers
const clientOf = async (fields: readonly FieldLine[]) => seen(await headersOf(fields)).address
const told = async (fields: readonly FieldLine[]) => {
  const headers = await headersOf(fields)
  return [...Object.values(seen(headers)), values(headers, 'x-forwarded-host').join()]
}
const direct = () => ['127.0.0.1', '127.0.0.1', String(program.http), 'http', 'app.example']

/** What clients send to be taken for somebody else. */
const SPOOFS: readonly (readonly FieldLine[])[] = [
  [['X-Forwarded-For', '6.6.6.6']], [['X-Real-IP', '6.6.6.6']], [['Forwarded', 'for=6.6.6.6;proto=https;host=evil.example']], [['True-Client-IP', '6.6.6.6']], [['CF-Connecting-IP', '6.6.6.6']],
  [['X-Forwarded-For-Proxy-Protocol', '6.6.6.6']], [['X-Forwarded-Proto', 'https'], ['X-Forwarded-Host', 'evil.example'], ['X-Forwarded-Port', '8443'], ['X-Scheme', 'https'], ['X-Forwarded-Scheme', 'https']],
]

describe('spoofing', () => {
  test.each([
    ['nothing set', {}],
    ['use-forwarded-headers, and the client is not trusted', { 'use-forwarded-headers': 'true', 'compute-full-forwarded-for': 'true', 'proxy-real-ip-cidr': '10.0.0.0/8' }],
    ['enable-real-ip, and the client is not trusted', { 'enable-real-ip': 'true', 'proxy-real-ip-cidr': '10.0.0.0/8', 'forwarded-for-header': 'True-Client-IP' }],
    ['Forwarded, and the client is not trusted', { 'use-forwarded-headers': 'true', 'proxy-real-ip-cidr': '::/0', 'forwarded-for-header': 'Forwarded', 'forwarded-host-header': 'X-Host' }],
  ])('%s', async (_, settings) => {
    if (Object.keys(settings).length > 0) await configure(program, settings)
    for (const fields of SPOOFS) expect(await told(fields)).toEqual(direct())
    const headers = await headersOf(SPOOFS.flat())
    expect(values(headers, 'forwarded')).toEqual([])
    expect(values(headers, 'x-real-ip')).toEqual(['127.0.0.1'])
  })
  test('what a client put in front of the list of a trusted proxy', async () => {
    await configure(program, { 'use-forwarded-headers': 'true', 'proxy-real-ip-cidr': US })
    expect(await clientOf([['X-Forwarded-For', '6.6.6.6'], ['X-Forwarded-For', '203.0.113.9']])).toBe('203.0.113.9')
    expect(await clientOf([['X-Forwarded-For', '6.6.6.6, unknown, 10.1.1.1']])).toBe('10.1.1.1')
    expect(await clientOf([['X-Forwarded-For', 'not an address']])).toBe('127.0.0.1')
    expect(await clientOf([['X-Forwarded-For', '6.6.6.6, [2001:db8::1]:443, 10.1.1.1:80, ::ffff:10.1.1.2']])).toBe('2001:db8::1')
  })
})

test('enable-real-ip believes the address, and neither protocol, host nor port', async () => {
  await configure(program, { 'enable-real-ip': 'true', 'proxy-real-ip-cidr': US, 'compute-full-forwarded-for': 'true' })
  expect(await told([['X-Forwarded-For', '203.0.113.9'], ['X-Forwarded-Proto', 'https'], ['X-Forwarded-Host', 'outer.example'], ['X-Forwarded-Port', '8443']]))
    .toEqual(['203.0.113.9', '203.0.113.9', String(program.http), 'http', 'app.example'])
})

test('forwarded-for-header: a field of one address, in any case', async () => {
  await configure(program, { 'enable-real-ip': 'true', 'proxy-real-ip-cidr': US, 'forwarded-for-header': 'True-Client-IP' })
  expect(await clientOf([['true-client-ip', '2001:DB8::9'], ['X-Forwarded-For', '6.6.6.6']])).toBe('2001:db8::9')
  expect(await clientOf([['X-Forwarded-For', '6.6.6.6']])).toBe('127.0.0.1')
})

test('forwarded-host-header names the field of the host', async () => {
  await configure(program, { 'use-forwarded-headers': 'true', 'proxy-real-ip-cidr': US, 'forwarded-host-header': 'X-Outer-Host' })
  expect((await told([['X-Outer-Host', 'outer.example'], ['X-Forwarded-Host', 'evil.example']])).at(-1)).toBe('outer.example')
  expect((await told([['X-Forwarded-Host', 'evil.example']])).at(-1)).toBe('app.example')
})

describe('Forwarded (RFC 7239)', () => {
  beforeAll(() => configure(program, { 'use-forwarded-headers': 'true', 'proxy-real-ip-cidr': US, 'forwarded-for-header': 'Forwarded', 'compute-full-forwarded-for': 'true' }))

  test('address, protocol, host and port, as the outermost trusted proxy saw them', async () => {
    const field = 'for=6.6.6.6;proto=http;host=evil.example, for="[2001:db8::1]:4711";proto=https;host="outer.example:8443", for=10.1.1.1;proto=http;host=inner.example'
    expect(await told([['Forwarded', field]])).toEqual(['2001:db8::1', '6.6.6.6, 2001:db8::1, 10.1.1.1, 127.0.0.1', '8443', 'https', 'outer.example:8443'])
  })
  test('without a port that of the protocol; without anything our own', async () => {
    expect((await told([['Forwarded', 'for=203.0.113.9;proto=https']])).slice(2)).toEqual(['443', 'https', 'app.example'])
    expect((await told([['Forwarded', 'for=203.0.113.9']])).slice(2)).toEqual([String(program.http), 'http', 'app.example'])
  })
  test('X-Forwarded-* say nothing then', async () => {
    expect((await told([['Forwarded', 'for=203.0.113.9'], ['X-Forwarded-For', '6.6.6.6'], ['X-Forwarded-Proto', 'https'], ['X-Forwarded-Host', 'evil.example']])))
      .toEqual(['203.0.113.9', '203.0.113.9, 127.0.0.1', String(program.http), 'http', 'app.example'])
  })
  test('a broken line is not believed, nor what stands before it', async () => {
    expect(await told([['Forwarded', 'for=6.6.6.6;for=7.7.7.7;proto=https']])).toEqual(direct())
    expect(await clientOf([['Forwarded', 'for=6.6.6.6'], ['Forwarded', 'for="unfinished'], ['Forwarded', 'for=203.0.113.9']])).toBe('203.0.113.9')
    expect(await told([['Forwarded', 'for=203.0.113.9;proto="a b";host="x/y"']])).toEqual(['203.0.113.9', '203.0.113.9, 127.0.0.1', String(program.http), 'http', 'app.example'])
  })
})

test('proxy-add-original-uri-header: the target as it came, and nobody else\'s', async () => {
  await configure(program, { 'proxy-add-original-uri-header': 'true' })
  const originals = async (target: string) => values(await headersOf([['X-Original-URI', '/admin']], target), 'x-original-uri')
  expect(await originals('/a%20b/../c?x=1')).toEqual(['/a%20b/../c?x=1'])
  expect(await originals('/next')).toEqual(['/next'])
  await configure(program, {})
  expect(await originals('/next')).toEqual(['/admin'])
})

describe('behind a PROXY header', () => {
  const header = (client: string) => `PROXY TCP4 ${client} 198.51.100.7 56324 1234\r\n`
  const settings = { 'use-proxy-protocol': 'true', 'proxy-real-ip-cidr': `${US}, 192.168.0.1/32` }
  const asked = { fields: [['X-Forwarded-For', '192.168.0.111']] as const }

  test('fields are believed of a client that is a trusted proxy itself (ingress-nginx e2e: proxy_protocol)', async () => {
    await configure(program, { ...settings, 'use-forwarded-headers': 'true' })
    expect(await seenBehind(program.http, header('192.168.0.1'), asked)).toMatchObject({ address: '192.168.0.111', chain: '192.168.0.111' })
    expect(await seenBehind(program.http, header('192.168.0.2'), asked)).toMatchObject({ address: '192.168.0.2', chain: '192.168.0.2', port: '1234' })
  })
  test('and appended to', async () => {
    await configure(program, { ...settings, 'use-forwarded-headers': 'true', 'compute-full-forwarded-for': 'true' })
    expect(await seenBehind(program.http, header('192.168.0.1'), asked)).toMatchObject({ chain: '192.168.0.111, 192.168.0.1' })
  })
  test('the log has the client, the proxy, and what the header said', async () => {
    const format = '$http_user_agent [$remote_addr] [$remote_port] [$the_real_ip] [$realip_remote_addr] [$proxy_protocol_addr] [$proxy_protocol_port] [$proxy_protocol_server_addr] [$proxy_protocol_server_port]'
    await configure(program, { ...settings, 'enable-real-ip': 'true', 'log-format-upstream': format })
    const lineOf = async (mark: string, text: string, fields: readonly FieldLine[] = []) => {
      await seenBehind(program.http, text, { fields: [['User-Agent', mark], ...fields] })
      const line = () => program.stdout.find((one) => one.startsWith(mark))
      expect(await program.when(() => line() !== undefined)).toBeTrue()
      return line()
    }
    expect(await lineOf('one', header('203.0.113.9'))).toBe('one [203.0.113.9] [56324] [203.0.113.9] [127.0.0.1] [203.0.113.9] [56324] [198.51.100.7] [1234]')
    expect(await lineOf('two', header('192.168.0.1'), asked.fields)).toBe('two [192.168.0.111] [-] [192.168.0.111] [127.0.0.1] [192.168.0.1] [56324] [198.51.100.7] [1234]')
    expect(await lineOf('three', 'PROXY UNKNOWN\r\n')).toMatch(/^three \[127\.0\.0\.1\] \[\d+\] \[127\.0\.0\.1\] \[127\.0\.0\.1\] \[-\] \[-\] \[-\] \[-\]$/)
  })
})
