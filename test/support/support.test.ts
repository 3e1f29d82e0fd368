// The instruments themselves: what they report must be what was on the wire.
import { afterEach, expect, test } from 'bun:test'
import { TLSSocket } from 'node:tls'
import { certificate } from './certificate.ts'
import { echoUpstream, tlsUpstream } from './echo.ts'
import { parseRequest } from './http1.ts'
import { start } from './program.ts'
import { rawClient } from './raw-client.ts'
import { until } from './until.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})
function kept<T extends { close?(): unknown; destroy?(): unknown }>(resource: T): T {
  cleanups.push(() => resource.close?.() ?? resource.destroy?.())
  return resource
}

const parsed = (text: string) => parseRequest(Buffer.from(text, 'latin1'))

test.each([
  ['bare LF', 'GET / HTTP/1.1\nHost: a\n\n'],
  ['both framings', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ['two lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx'],
  ['signed length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx'],
  ['chunked not alone', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n'],
  ['chunk size 0x1', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\nZ\r\n0\r\n\r\n'],
  ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
  ['fold', 'GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n'],
])('the origin refuses %s', (_, text) => {
  expect(parsed(text).state).toBe('invalid')
})

test('the origin reads chunks and trailers', () => {
  const text = 'POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;e\r\nde\r\n0\r\nT: 1\r\n\r\n'
  const request = { target: '/x', body: 'abcde', trailers: [['T', '1']] }
  expect(parsed(`${text}GET /next`)).toMatchObject({ state: 'complete', length: text.length, request })
})

test('pipelined requests are answered in order and recorded with every octet', async () => {
  const echo = kept(await echoUpstream({ respond: ({ target }) => (target === '/slow' ? Bun.sleep(1).then(() => undefined) : undefined) }))
  const client = kept(await rawClient(echo.port))
  const bytes = 'GET /slow HTTP/1.1\r\nHost: a\r\nX-A: \xe9\r\n\r\nPOST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi'
  client.send(bytes)
  const bodies = [await client.response(), await client.response()].map((response) => JSON.parse(response?.body ?? '{}'))
  expect(bodies).toMatchObject([
    {
      served_by: 'echo',
      path: '/slow',
      headers: [
        ['Host', 'a'],
        ['X-A', '\xe9'],
      ],
    },
    { path: '/b', body: 'hi' },
  ])
  expect(Buffer.concat(echo.connections[0]?.chunks ?? []).toString('latin1')).toBe(bytes)
})

test('a scripted answer, its delay and its close', async () => {
  const gate = Promise.withResolvers<void>()
  const echo = kept(
    await echoUpstream({
      respond: async () => {
        await gate.promise
        return { raw: 'HTTP/1.1 200 OK\r\n\r\nto the end', close: true }
      },
    }),
  )
  const client = kept(await rawClient(echo.port))
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await echo.when(() => echo.requests.length === 1)
  expect(client.responses).toHaveLength(0)
  gate.resolve()
  expect(await client.response()).toMatchObject({ status: 200, body: 'to the end', complete: true })
  expect(await client.closed()).toBe(true)
})

test('an unfinished request is pending, not received', async () => {
  const echo = kept(await echoUpstream())
  const client = kept(await rawClient(echo.port))
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhel')
  client.end()
  await echo.when(() => echo.connections[0]?.closed === true)
  expect(echo.requests).toHaveLength(0)
  expect(echo.connections[0]?.pending.toString()).toEndWith('hel')
})

test('the peer without an answer: undefined, closed', async () => {
  const echo = kept(await echoUpstream({ respond: () => 'reset' }))
  const client = kept(await rawClient(echo.port))
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  expect(await client.response()).toBeUndefined()
  expect(await client.closed()).toBe(true)
})

test.each(['p256', 'rsa'] as const)('TLS upstream with SNI and a client certificate signed by an own CA (%s)', async (kind) => {
  const echo = kept(await tlsUpstream({ names: ['up.test', '*.up.test'], requestCert: true }))
  const ca = await certificate({ names: ['Test CA'], ca: true, kind })
  const leaf = await certificate({ names: ['client'], issuer: ca })
  const client = kept(await rawClient(echo.port, { tls: { servername: 'a.up.test', ...leaf } }))
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  expect(JSON.parse((await client.response())?.body ?? '{}')).toMatchObject({ tls: { sni: 'a.up.test', clientCertificate: true } })
  if (!(client.socket instanceof TLSSocket)) throw new Error('not TLS')
  expect(client.socket.getPeerCertificate()).toMatchObject({ subject: { CN: 'up.test' }, subjectaltname: 'DNS:up.test, DNS:*.up.test' })
})

const fake = (script: string) => ({ manifests: [{ kind: 'List' }], command: [process.execPath, '-e', script] })

test('the program: ready line, written manifests, exit code', async () => {
  const program = await start(
    fake(`
    const admin = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => Response.json({ version: 7 }) })
    process.on('SIGTERM', () => process.exit(3))
    console.error('lintel: ready http=127.0.0.1:81 https=127.0.0.1:444 admin=127.0.0.1:' + admin.port + ' workers=1 routes=0 issues=0')
  `),
  )
  program.write('more.yaml', 'kind: List\n')
  expect(await Bun.file(`${program.folder}/more.yaml`).text()).toBe('kind: List\n')
  expect([program.http, program.https, await program.version()]).toEqual([81, 444, 7])
  expect(await program.stop()).toBe(3)
  expect(await Bun.file(`${program.folder}/more.yaml`).exists()).toBe(false)
})

test('a program that ends before it is ready fails with its stderr', async () => {
  await expect(start(fake('console.error("no such folder"); process.exit(2)'))).rejects.toThrow(
    /ended before it was ready.*no such folder/s,
  )
})

test('until names what did not come', async () => {
  await expect(until('pigs fly', () => false, 1)).rejects.toThrow('not within 1 ms: pigs fly')
})
