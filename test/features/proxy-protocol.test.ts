// PROXY protocol in front of HTTP and HTTPS: who sends a header, who must, whose is believed, and what becomes of those that are broken or late.
import { beforeAll, describe, expect, test } from 'bun:test'
import { IPV4_BLOCK, IPV6_BLOCK, made, summed, tlv } from '../http/proxy-protocol/headers.ts'
import { echoUpstream } from '../support/echo.ts'
import { start, type Program } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { h2Client, head, statusOf, textOf } from './http2-client.ts'
import { pair, session, WITH_PAIR } from './http2-session.ts'
import { configureProxied, seen, seenBehind, seenBehindTls } from './proxied.ts'
import { app, ask, CONFIGURED, echoed, issues, metric, requestText, resources, route, seenByEcho } from './scene.ts'

const LINE = 'PROXY TCP4 192.0.2.1 198.51.100.7 56324 1234\r\n'
const V4 = made({ family: 0x11, block: IPV4_BLOCK })
const V6 = made({ family: 0x21, block: IPV6_BLOCK })
const LOCAL = made({ command: 0x20, family: 0, block: Buffer.alloc(0) })
const OPTIONAL = { 'use-proxy-protocol': 'true', 'proxy-real-ip-cidr': '127.0.0.0/8', 'lintel.dev/proxy-protocol-mode': 'optional' }

const keep = resources()
let program: Program
beforeAll(async () => {
  program = await keep(start({ flags: [CONFIGURED, WITH_PAIR], manifests: [...app('app', await keep(echoUpstream())), route({ to: 'app' }), await pair()] }))
})
const failures = (reason: string) => metric(program, 'lintel_proxy_headers_failed_total', `reason="${reason}"`)
const counted = async (reason: string, failing: () => Promise<void>) => {
  const before = await failures(reason)
  await failing()
  await until(`${reason} is counted`, async () => await failures(reason) === before + 1)
}

test('without use-proxy-protocol a header is another protocol: closed without an answer', async () => {
  expect(await seenBehind(program.http, LINE)).toBeUndefined()
  expect(await seenBehind(program.http, V4)).not.toBeObject()
})

describe('use-proxy-protocol', () => {
  beforeAll(() => configureProxied(program, { 'use-proxy-protocol': 'true' }))
  const own = () => ({ address: '127.0.0.1', chain: '127.0.0.1', port: String(program.http), proto: 'http' })

  test.each([
    ['version 1', LINE, { address: '192.0.2.1', chain: '192.0.2.1', port: '1234', proto: 'http' }],
    ['version 1, IPv6', 'PROXY TCP6 2001:DB8::1 2001:db8::7 56324 80\r\n', { address: '2001:db8::1', chain: '2001:db8::1', port: '80', proto: 'http' }],
    ['version 1, IPv4 in IPv6', 'PROXY TCP6 ::ffff:192.0.2.1 ::ffff:198.51.100.7 56324 80\r\n', { address: '192.0.2.1', chain: '192.0.2.1', port: '80', proto: 'http' }],
    ['a port of HTTPS: the balancer speaks TLS (ingress-nginx.md §4.4)', 'PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n', { address: '192.0.2.1', chain: '192.0.2.1', port: '443', proto: 'https' }],
    ['version 2', V4, { address: '192.0.2.1', chain: '192.0.2.1', port: '443', proto: 'https' }],
    ['version 2, IPv6 with a checksum', summed(0x21, IPV6_BLOCK, tlv(2, 'app.example')), { address: '2001:db8::1', chain: '2001:db8::1', port: '443', proto: 'https' }],
    ['TLS at the balancer, on a port of its own', made({ family: 0x11, block: Buffer.concat([IPV4_BLOCK.subarray(0, 10), Buffer.from([0x20, 0xfb]), tlv(0x20, Buffer.from([1, 0, 0, 0, 1]))]) }),
      { address: '192.0.2.1', chain: '192.0.2.1', port: '8443', proto: 'https' }],
  ])('%s: the application sees the client', async (_, header, expected) => {
    expect(await seenBehind(program.http, header)).toEqual(expected)
  })

  test.each([
    ['UNKNOWN', 'PROXY UNKNOWN\r\n'], ['UNKNOWN with addresses', 'PROXY UNKNOWN 192.0.2.1 198.51.100.7 1 2\r\n'], ['LOCAL', LOCAL],
    ['UNSPEC', made({ family: 0, block: Buffer.alloc(0) })], ['a UNIX socket', made({ family: 0x31, block: Buffer.alloc(216) })],
  ])('%s: the connection is the balancer\'s own', async (_, header) => { expect(await seenBehind(program.http, header)).toEqual(own()) })

  test('over TLS, header and hello in one segment', async () => {
    expect(await seenBehindTls(program.https, LINE, 'app.example')).toEqual({ address: '192.0.2.1', chain: '192.0.2.1', port: '1234', proto: 'https' })
    expect(await seenBehindTls(program.https, V6, 'app.example')).toEqual({ address: '2001:db8::1', chain: '2001:db8::1', port: '443', proto: 'https' })
    expect(await seenBehindTls(program.https, LOCAL, 'app.example')).toEqual({ address: '127.0.0.1', chain: '127.0.0.1', port: '443', proto: 'https' })
  })

  test.each([['version 1', Buffer.from(LINE)], ['version 2', V4]])('%s, cut at every octet', async (_, header) => {
    const port = program.http
    const cuts = Array.from({ length: header.length }, (__, at) => at + 1)
    await Promise.all(cuts.map(async (cut) => {
      const client = await rawClient(port)
      client.send(header.subarray(0, cut))
      await new Promise((resolve) => setImmediate(resolve))
      client.send(Buffer.concat([header.subarray(cut), Buffer.from(requestText())]), ['GET'])
      expect(seen(echoed(await client.response()).headers).address).toBe('192.0.2.1')
      client.destroy()
    }))
  })
  test('an octet at a time, and all requests of a connection are of the same client', async () => {
    const client = await rawClient(program.http)
    for (const octet of Buffer.from(LINE)) client.send(Uint8Array.of(octet), [])
    for (let k = 0; k < 3; k++) {
      client.send(requestText())
      expect(seen(echoed(await client.response()).headers).address).toBe('192.0.2.1')
    }
    client.destroy()
  })

  test.each([
    ['missing', requestText()], ['missing', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'], ['malformed', 'PROXY TCP4 192.0.2.1\r\n'],
    ['malformed', made({ command: 0x22, family: 0x11, block: IPV4_BLOCK })], ['malformed', Buffer.concat([summed(0x11, IPV4_BLOCK, tlv(2, 'a')).subarray(0, -1), Buffer.from('b')])],
  ] as const)('%s: closed without an answer, and counted (%#)', async (reason, octets) => {
    await counted(reason, async () => {
      const client = await rawClient(program.http)
      client.send(octets)
      expect(await client.closed()).toBeTrue()
      expect(client.rest().length + client.responses.length).toBe(0)
    })
  })
  test('so on the port of HTTPS', async () => {
    await counted('missing', async () => {
      const client = await rawClient(program.https)
      client.send(Buffer.from('16030100', 'hex'))
      expect(await client.closed()).toBeTrue()
    })
  })
  test('a client that leaves inside the header is counted, one that never spoke is not', async () => {
    await counted('client_gone', async () => {
      const silent = await rawClient(program.http)
      silent.destroy()
      const client = await rawClient(program.http)
      client.send(V4.subarray(0, 20))
      client.end()
      expect(await client.closed()).toBeTrue()
    })
  })
  test.each([['version 1', Buffer.from(LINE)], ['version 2', V4]])('%s, ended inside at every octet: closed without an answer, each counted', async (_, header) => {
    const before = await failures('client_gone')
    await Promise.all(Array.from({ length: header.length - 1 }, async (__, at) => {
      const client = await rawClient(program.http)
      client.send(header.subarray(0, at + 1))
      client.end()
      expect(await client.closed()).toBeTrue()
      expect(client.rest().length + client.responses.length).toBe(0)
      client.destroy()
    }))
    await until('all are counted', async () => await failures('client_gone') === before + header.length - 1)
  })
  test('HTTP/2 by prior knowledge behind it: all streams are of the client that it names', async () => {
    const client = await h2Client(program.http, { before: LINE })
    for (const stream of [client.open(head('/')), client.open(head('/again'))]) {
      const answer = await client.done(stream)
      expect([statusOf(answer), seen(seenByEcho(textOf(answer)).headers).address]).toEqual([200, '192.0.2.1'])
    }
    client.destroy()
  })
  test('a header after the first is no header', async () => {
    expect(await seenBehind(program.http, LINE + LINE)).toBeUndefined()
    expect(await metric(program, 'lintel_own_answers_total', 'reason="bad_request"')).toBeGreaterThan(0)
  })
})

describe('senders that are not trusted', () => {
  beforeAll(() => configureProxied(program, { 'use-proxy-protocol': 'true', 'proxy-real-ip-cidr': '10.0.0.0/8' }))

  test('must send the header too, but are not believed, neither for the address nor for the port and protocol', async () => {
    const own = { address: '127.0.0.1', chain: '127.0.0.1', port: String(program.http), proto: 'http' }
    expect(await seenBehind(program.http, V4)).toEqual(own)
    expect(await seenBehind(program.http, requestText())).toBeUndefined()
    expect((await seenBehindTls(program.https, LINE, 'app.example'))).toEqual({ address: '127.0.0.1', chain: '127.0.0.1', port: '443', proto: 'https' })
  })
})

describe('a late header', () => {
  beforeAll(() => configureProxied(program, { 'use-proxy-protocol': 'true', 'proxy-protocol-header-timeout': '300ms' }))

  test.each([['nothing', ''], ['half a line', 'PROXY TCP4 192.0']])('%s: the connection is closed in proxy-protocol-header-timeout', async (_, octets) => {
    await counted('timeout', async () => {
      const began = performance.now()
      const client = await rawClient(program.http)
      client.send(octets)
      expect(await client.closed()).toBeTrue()
      expect(performance.now() - began).toBeGreaterThan(250)
    })
  })
})

describe('lintel.dev/proxy-protocol-mode: optional', () => {
  beforeAll(() => configureProxied(program, OPTIONAL))

  test('with a header it is used, without one the peer speaks for itself', async () => {
    expect(await seenBehind(program.http, LINE)).toMatchObject({ address: '192.0.2.1', port: '1234' })
    expect(await seenBehind(program.http, '')).toMatchObject({ address: '127.0.0.1', port: String(program.http) })
    expect(await seenBehindTls(program.https, V6, 'app.example')).toMatchObject({ address: '2001:db8::1' })
    expect(seen(echoed(await ask(program.https, { tls: { servername: 'app.example' } })).headers)).toMatchObject({ address: '127.0.0.1', port: '443' })
  })
  test.each(['TLS', 'clear'] as const)('HTTP/2 without a header, %s', async (transport) => {
    const client = await session(program, transport)
    expect((await client.ask({ ':path': '/' })).status).toBe(200)
    client.close()
  })
  test('a method that begins as the line does is a method', async () => {
    const client = await rawClient(program.http)
    for (const part of ['PROP', requestText({ method: 'FIND' })]) {
      client.send(part, part === 'PROP' ? ['PROPFIND'] : [])
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(echoed(await client.response()).method).toBe('PROPFIND')
    client.destroy()
  })
  test('a broken header is refused all the same', async () => {
    await counted('malformed', async () => { expect(await seenBehind(program.http, 'PROXY TCP4 me you 1 2\r\n')).toBeUndefined() })
  })
  test('who says nothing is not closed for it', async () => {
    await configureProxied(program, { ...OPTIONAL, 'proxy-protocol-header-timeout': '100ms' })
    const open = () => metric(program, 'lintel_connections_open')
    await until('those of former tests have gone', async () => await open() === 0)
    const client = await rawClient(program.http)
    await until('it is a connection like any other', async () => await open() === 1)
    client.send(requestText())
    expect(seen(echoed(await client.response()).headers).address).toBe('127.0.0.1')
    client.destroy()
  })
  test('never from a sender that is not trusted: the octets are its own', async () => {
    await configureProxied(program, { ...OPTIONAL, 'proxy-real-ip-cidr': '10.0.0.0/8' })
    expect(await seenBehind(program.http, LINE)).toBeUndefined()
    expect(await seenBehind(program.http, '')).toMatchObject({ address: '127.0.0.1' })
    expect(await issues(program)).toEqual([])
  })
  test('where everybody is trusted, that is told', async () => {
    await configureProxied(program, { ...OPTIONAL, 'proxy-real-ip-cidr': '0.0.0.0/0' })
    expect(await issues(program)).toMatchObject([{ object: 'ConfigMap default/settings', field: 'lintel.dev/proxy-protocol-mode' }])
  })
  test('a value that is none leaves the header required', async () => {
    await configureProxied(program, { ...OPTIONAL, 'lintel.dev/proxy-protocol-mode': 'perhaps' })
    expect(await issues(program)).toMatchObject([{ field: 'lintel.dev/proxy-protocol-mode' }])
    expect(await seenBehind(program.http, '')).toBeUndefined()
  })
})

test('a change of the setting leaves open connections alone', async () => {
  await configureProxied(program, {})
  const plain = await rawClient(program.http)
  plain.send(requestText())
  expect(echoed(await plain.response()).method).toBe('GET')
  await configureProxied(program, { 'use-proxy-protocol': 'true' })
  const proxied = await rawClient(program.http)
  proxied.send(LINE + requestText(), ['GET'])
  expect(seen(echoed(await proxied.response()).headers).address).toBe('192.0.2.1')
  await configureProxied(program, { 'use-proxy-protocol': 'false' })
  for (const [client, address] of [[plain, '127.0.0.1'], [proxied, '192.0.2.1']] as const) {
    client.send(requestText())
    expect(seen(echoed(await client.response()).headers).address).toBe(address)
    client.destroy()
  }
  expect(await seenBehind(program.http, '')).toMatchObject({ address: '127.0.0.1' })
})
