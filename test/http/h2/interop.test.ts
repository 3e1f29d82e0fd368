// Other people's client: node:http2 against the codec on a socket.
import { describe, expect, test } from 'bun:test'
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2'
import { keeping } from '../support.ts'
import { type Served, startServer } from './socket.ts'

const MIB = Buffer.alloc(1_048_576, 'abcdefghijklmnopqrstuvwxyz012345')
const keep = keeping()

const answer = (served: Served) => {
  const { path } = served.section
  if (path === '/echo') return served.answer(200, [['content-type', 'text/plain']], { body: Buffer.concat(served.body) })
  if (path === '/mib') return served.answer(200, [['content-length', String(MIB.length)]], { body: MIB })
  if (path === '/trailers') return served.answer(200, [], { body: Buffer.from('body'), trailers: [['x-got', served.trailers?.fields[0]?.value ?? 'none']] })
  if (path === '/reset') return served.reset(8)
  if (path === '/hints') served.inform(103, [['link', '</style.css>']])
  served.answer(200, [['X-Method', served.section.method]], { body: Buffer.from(path) })
}

const session = async (settings: { initialWindowSize?: number } = {}): Promise<ClientHttp2Session & { close(): void }> => {
  const server = keep(await startServer({ complete: answer }))
  const client = connect(`http://127.0.0.1:${server.port}`, { settings })
  keep({ close: () => client.destroy() })
  return client
}
type Answer = { status: unknown; body: Buffer; trailers: Record<string, unknown>; early: unknown[] }
const answerTo = (stream: ClientHttp2Stream): Promise<Answer> => new Promise((resolve, reject) => {
  const answer: Answer = { status: 0, body: Buffer.alloc(0), trailers: {}, early: [] }
  const parts: Buffer[] = []
  stream.on('response', (fields) => { answer.status = fields[':status'] })
  stream.on('headers', (fields) => answer.early.push(fields[':status'], fields['link']))
  stream.on('trailers', (fields) => { answer.trailers = fields })
  stream.on('data', (part: Buffer) => parts.push(part))
  stream.on('error', reject)
  stream.on('close', () => resolve({ ...answer, body: Buffer.concat(parts) }))
})

describe('node:http2', () => {
  test('GET', async () => {
    const client = await session()
    expect(await answerTo(client.request({ ':path': '/a' }))).toMatchObject({ status: 200, body: Buffer.from('/a') })
  })
  test.each([1_000, 65_535, 1_048_576])('1 MiB both ways, with a window of %d', async (initialWindowSize) => {
    const client = await session({ initialWindowSize })
    const upload = client.request({ ':path': '/echo', ':method': 'POST' })
    upload.end(MIB)
    const [echoed, down] = await Promise.all([answerTo(upload), answerTo(client.request({ ':path': '/mib' }))])
    expect(echoed.body.equals(MIB)).toBe(true)
    expect(down.body.equals(MIB)).toBe(true)
  })
  test('trailers both ways', async () => {
    const client = await session()
    const stream = client.request({ ':path': '/trailers', ':method': 'POST' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sent': 'yes' }))
    stream.end('body')
    expect((await answerTo(stream)).trailers).toMatchObject({ 'x-got': 'yes' })
  })
  test('103', async () => {
    const client = await session()
    expect((await answerTo(client.request({ ':path': '/hints' }))).early).toEqual([103, '</style.css>'])
  })
  test('a reset by the server ends its stream only', async () => {
    const client = await session()
    const reset = client.request({ ':path': '/reset' })
    expect((await answerTo(reset)).status).toBe(0)
    expect(reset.rstCode).toBe(constants.NGHTTP2_CANCEL)
    expect((await answerTo(client.request({ ':path': '/a' }))).status).toBe(200)
  })
  test('a reset by the client is told', async () => {
    const told = Promise.withResolvers<number>()
    const server = keep(await startServer({ reset: (served) => told.resolve(served.resetBy) }))
    const client = connect(`http://127.0.0.1:${server.port}`)
    keep({ close: () => client.destroy() })
    const stream = client.request({ ':path': '/never' })
    stream.on('error', () => {})
    client.once('remoteSettings', () => stream.destroy(new Error('enough')))
    expect(await told.promise).toBe(constants.NGHTTP2_INTERNAL_ERROR)
  })
  test('100 streams at once', async () => {
    const client = await session()
    const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => answerTo(client.request({ ':path': `/${n}` }))))
    expect(answers.map(({ body }) => body.toString())).toEqual(Array.from({ length: 100 }, (_, n) => `/${n}`))
  })
})
