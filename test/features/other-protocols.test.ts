// A client that opens a port in clear with another protocol, or with a preface of HTTP/2 that went wrong: closed without an octet, which it would
// take for something else (RFC 9113 §3.4). Whoever names a version of HTTP, or none, is told 400.
import { beforeAll, describe, expect, test } from 'bun:test'
import { rawClient } from '../support/raw-client.ts'
import { type Program, start } from '../support/program.ts'
import { until } from '../support/until.ts'
import { pair, WITH_PAIR } from './http2-session.ts'
import { metric, requestText, resources } from './scene.ts'

const keep = resources()
let program: Program
beforeAll(async () => { program = await keep(start({ flags: [WITH_PAIR], manifests: [await pair()] })) })

/** What a connection was told for these octets, until it was closed. */
const told = async (octets: string, tls?: { servername: string }) => {
  const client = await keep(rawClient(tls ? program.https : program.http, tls ? { tls } : {}))
  client.send(octets)
  expect(await client.closed()).toBe(true)
  return { statuses: client.responses.map(({ status }) => status), rest: client.rest().length }
}
const refusals = () => metric(program, 'lintel_own_answers_total', 'reason="bad_request"')

describe('closed without an octet, and counted', () => {
  test.each([
    ['a broken preface', 'INVALID CONNECTION PREFACE\r\n\r\n'],
    ['RTSP', 'OPTIONS rtsp://app.example/ RTSP/1.0\r\nCSeq: 1\r\n\r\n'],
    ['a line that ends with LF', 'INVALID CONNECTION PREFACE\n\n'],
  ])('%s', async (_, octets) => {
    const before = await refusals()
    expect(await told(octets)).toEqual({ statuses: [], rest: 0 })
    await until('counted', async () => await refusals() === before + 1)
  })
})

describe('told 400', () => {
  test.each([
    ['the name of HTTP in lower case', 'GET / http/1.1\r\nHost: app.example\r\n\r\n'],
    ['no version', 'GET /\r\n\r\n'],
    ['a space behind the version', 'GET / HTTP/1.1 \r\nHost: app.example\r\n\r\n'],
    ['a space in the target', 'GET /a b HTTP/1.1\r\nHost: app.example\r\n\r\n'],
    ['one word', 'hello\r\n\r\n'],
    ['a line of which no end is in sight', `GET ${' '.repeat(300)}x y\r\n\r\n`],
  ])('%s', async (_, octets) => { expect(await told(octets)).toEqual({ statuses: [400], rest: 0 }) })

  test('the same octets behind a request', async () => {
    expect((await told(`${requestText()}INVALID CONNECTION PREFACE\r\n\r\n`)).statuses).toEqual([404, 400])
  })
  test('the same octets over TLS, where ALPN has said what is spoken', async () => {
    expect((await told('INVALID CONNECTION PREFACE\r\n\r\n', { servername: 'app.example' })).statuses).toEqual([400])
  })
})
