// TLS handshakes that clients never finish: bounded by client-header-timeout as heads are, counted by reason, and nobody else's concern.
import { beforeAll, describe, expect, test } from 'bun:test'
import { createServer } from 'node:net'
import { connect } from 'node:tls'
import { configure, CONFIGURED, metric, resources } from '../features/scene.ts'
import { listening } from '../support/faults/loopback.ts'
import { type Program, start } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'

const keep = resources()
let program: Program
let hello: Buffer
beforeAll(async () => {
  program = await keep(start({ flags: [CONFIGURED], manifests: [] }))
  hello = await clientHello()
})

/** As a client of node:tls says it. */
async function clientHello(): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>()
  const server = createServer((socket) => { socket.once('data', resolve).on('error', () => socket.destroy()) })
  const client = connect({ port: await listening(server), host: '127.0.0.1', servername: 'app.example' }).on('error', () => client.destroy())
  const bytes = await promise
  client.destroy()
  server.close()
  return bytes
}

const failed = (reason: string) => metric(program, 'lintel_tls_handshakes_failed_total', `reason="${reason}"`)
const open = async (bytes: Buffer | string) => {
  const client = await keep(rawClient(program.https, { halfOpen: true }))
  client.send(bytes)
  return client
}

test.each([
  ['a client that ends inside its hello is let go at once', () => hello.subarray(0, 50)],
  ['and so is one that ends behind it', () => hello],
])('%s', async (_, bytes) => {
  const before = await failed('client_gone')
  const client = await open(bytes())
  client.end()
  expect(await client.closed()).toBe(true)
  await until('counted', async () => await failed('client_gone') === before + 1)
})

test('what is no TLS is refused', async () => {
  const before = await failed('refused')
  expect(await (await open('GET / HTTP/1.1\r\nHost: app.example\r\n\r\n')).closed()).toBe(true)
  await until('counted', async () => await failed('refused') === before + 1)
})

test('a port that is only probed counts as nothing', async () => {
  const counts = () => Promise.all(['client_gone', 'refused', 'timeout'].map(failed))
  const before = await counts()
  const client = await open('')
  client.end()
  expect(await client.closed()).toBe(true)
  expect(await counts()).toEqual(before)
})

describe('a client that stalls is closed when client-header-timeout is over:', () => {
  beforeAll(() => configure(program, { 'client-header-timeout': '300ms' }))

  test.each([
    ['before its hello', () => ''],
    ['inside its hello', () => hello.subarray(0, 50)],
    ['behind its hello', () => hello],
  ])('%s', async (_, bytes) => {
    const before = await failed('timeout')
    expect(await (await open(bytes())).closed()).toBe(true)
    await until('counted', async () => await failed('timeout') === before + 1)
  })
})
