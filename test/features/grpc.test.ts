// gRPC through the program, @grpc/grpc-js at both ends: every kind of call, errors, deadlines, cancellation, size and number.
import { afterAll, describe, expect, test } from 'bun:test'
import { createServer } from 'node:net'
import * as grpc from '@grpc/grpc-js'
import { backend, ingress, service } from '../support/manifests.ts'
import { changes } from '../support/until.ts'
import { start } from '../support/program.ts'

const raw = (path: string, requestStream: boolean, responseStream: boolean) => ({
  path, requestStream, responseStream,
  requestSerialize: (message: Buffer) => message, requestDeserialize: (message: Buffer) => message,
  responseSerialize: (message: Buffer) => message, responseDeserialize: (message: Buffer) => message,
})
const calls = {
  unary: raw('/test.Calls/Unary', false, false), clientStream: raw('/test.Calls/ClientStream', true, false), serverStream: raw('/test.Calls/ServerStream', false, true),
  bidi: raw('/test.Calls/Bidi', true, true), fail: raw('/test.Calls/Fail', false, false), hang: raw('/test.Calls/Hang', false, false),
}
type Unary = grpc.handleUnaryCall<Buffer, Buffer>
const seen = changes()
let cancelled = 0

const implementation: grpc.UntypedServiceImplementation = {
  unary: ((call, answer) => {
    const trailers = new grpc.Metadata()
    trailers.set('x-trailer', 'behind')
    answer(null, call.request, trailers)
  }) satisfies Unary,
  clientStream(call: grpc.ServerReadableStream<Buffer, Buffer>, answer: grpc.sendUnaryData<Buffer>) {
    let octets = 0
    call.on('data', (message: Buffer) => { octets += message.length })
    call.on('end', () => answer(null, Buffer.from(String(octets))))
  },
  serverStream(call: grpc.ServerWritableStream<Buffer, Buffer>) {
    for (let i = 0; i < 20; i++) call.write(Buffer.alloc(100_000, i))
    call.end()
  },
  bidi(call: grpc.ServerDuplexStream<Buffer, Buffer>) {
    call.on('data', (message: Buffer) => call.write(message))
    call.on('end', () => call.end())
  },
  fail: ((_, answer) => answer({ code: grpc.status.NOT_FOUND, details: 'nöt thére' })) satisfies Unary,
  hang: ((call) => { call.on('cancelled', () => { cancelled++; seen.notify() }) }) satisfies Unary,
}

const server = new grpc.Server({ 'grpc.max_receive_message_length': -1 })
server.addService(calls, implementation)
const port = await new Promise<number>((resolve, reject) => {
  server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) => { if (error === null) resolve(bound); else reject(error) })
})
const grpcIngress = (name: string, host: string, svc: string) =>
  ingress({ metadata: { name, annotations: { 'nginx.ingress.kubernetes.io/backend-protocol': 'GRPC', 'nginx.ingress.kubernetes.io/proxy-body-size': '0' } }, rules: [{ host, paths: [{ backend: backend(svc) }] }] })
const program = await start({
  manifests: [
    ...service({ metadata: { name: 'calls' }, ports: [{ name: 'grpc', port: 80 }], endpoints: [port] }), grpcIngress('calls', 'calls.test', 'calls:80'),
    ...service({ metadata: { name: 'nobody' }, ports: [{ name: 'grpc', port: 80 }], endpoints: [] }), grpcIngress('nobody', 'nobody.test', 'nobody:80'),
  ],
})
const Client = grpc.makeGenericClientConstructor(calls, 'Calls')
const clientOf = (authority: string) => new Client(`127.0.0.1:${program.http}`, grpc.credentials.createInsecure(), {
  'grpc.default_authority': authority, 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1, 'grpc.use_local_subchannel_pool': 1,
})
const client = clientOf('calls.test')
const nobody = clientOf('nobody.test')
const unknown = clientOf('unknown.test')
afterAll(async () => {
  for (const each of [client, nobody, unknown]) each.close()
  await program.stop()
  server.forceShutdown()
})

type Outcome = { readonly message?: Buffer; readonly code?: number; readonly details?: string; readonly trailer?: string }
const unary = (from: InstanceType<typeof Client>, { path }: { path: string }, { message, ...options }: { message: Buffer } & grpc.CallOptions) => new Promise<Outcome>((resolve) => {
  const identity = (octets: Buffer) => octets
  let trailer = ''
  const call = from.makeUnaryRequest(path, identity, identity, message, new grpc.Metadata(), options, (error, answer) => {
    setImmediate(() => resolve(error === null ? { message: answer ?? Buffer.alloc(0), trailer } : { code: error.code, details: error.details }))
  })
  call.on('status', ({ metadata }: grpc.StatusObject) => { trailer = String(metadata.get('x-trailer')[0] ?? '') })
})

describe('calls', () => {
  test('unary, with trailers', async () => {
    expect(await unary(client, calls.unary, { message: Buffer.from('hello') })).toEqual({ message: Buffer.from('hello'), trailer: 'behind' })
  })
  test('a message of 16 MiB and back', async () => {
    const large = Buffer.alloc(16 << 20, 'x')
    const { message } = await unary(client, calls.unary, { message: large })
    expect(message?.equals(large)).toBe(true)
  })
  test('client stream', async () => {
    const total = await new Promise<string>((resolve) => {
      const call = client['clientStream']?.((_: unknown, answer: Buffer) => resolve(String(answer)))
      for (let i = 0; i < 100; i++) call.write(Buffer.alloc(10_000))
      call.end()
    })
    expect(total).toBe('1000000')
  })
  test('server stream', async () => {
    const sizes: number[] = []
    await new Promise((resolve) => client['serverStream']?.(Buffer.from('go')).on('data', (message: Buffer) => sizes.push(message.length)).on('end', resolve))
    expect(sizes).toEqual(Array.from({ length: 20 }, () => 100_000))
  })
  test('both ways, one message at a time', async () => {
    const call = client['bidi']?.()
    let rounds = 0
    await new Promise((resolve) => {
      call.on('data', (message: Buffer) => { if (++rounds < 50) call.write(message); else call.end() })
      call.on('end', resolve)
      call.write(Buffer.from('ping'))
    })
    expect(rounds).toBe(50)
  })
  test('2,000 at once', async () => {
    const answers = await Promise.all(Array.from({ length: 2_000 }, (_, i) => unary(client, calls.unary, { message: Buffer.from(`n${i}`) })))
    expect(answers.filter(({ message }, i) => String(message) !== `n${i}`)).toEqual([])
  })
})

describe('what goes wrong', () => {
  test('an error of the server, its words in UTF-8', async () => {
    expect(await unary(client, calls.fail, { message: Buffer.from('x') })).toEqual({ code: grpc.status.NOT_FOUND, details: 'nöt thére' })
  })
  test('a deadline ends the call at the server too', async () => {
    const before = cancelled
    expect((await unary(client, calls.hang, { message: Buffer.from('x'), deadline: Date.now() + 200 })).code).toBe(grpc.status.DEADLINE_EXCEEDED)
    expect(await seen.when(() => cancelled > before)).toBe(true)
  })
  test('cancelled by the client: the server hears of it', async () => {
    const before = cancelled
    const call = client['hang']?.(Buffer.from('x'), () => undefined)
    await program.waitFor('the call is with the server', async () => (await unary(client, calls.unary, { message: Buffer.from('y') })).message !== undefined)
    call.cancel()
    expect(await seen.when(() => cancelled > before)).toBe(true)
  })
  test('errors of the proxy are grpc-status: no endpoints UNAVAILABLE, no route UNIMPLEMENTED', async () => {
    const none = await unary(nobody, calls.unary, { message: Buffer.from('x') })
    expect([none.code, none.details]).toEqual([grpc.status.UNAVAILABLE, '503 Service Temporarily Unavailable: no endpoint is ready'])
    expect((await unary(unknown, calls.unary, { message: Buffer.from('x') })).code).toBe(grpc.status.UNIMPLEMENTED)
  })
})

test('an endpoint that never answers a request without a body: 504 after proxy-read-timeout, also on a fresh connection', async () => {
  const silent = createServer((socket) => { socket.on('error', () => socket.destroy()); socket.resume() })
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const address = silent.address()
  const deaf = await start({
    manifests: [
      ...service({ metadata: { name: 'deaf' }, ports: [{ name: 'grpc', port: 80 }], endpoints: [typeof address === 'object' && address !== null ? address.port : 0] }),
      ingress({ metadata: { name: 'deaf', annotations: { 'nginx.ingress.kubernetes.io/backend-protocol': 'GRPC', 'nginx.ingress.kubernetes.io/proxy-read-timeout': '1' } }, rules: [{ host: 'deaf.test', paths: [{ backend: backend('deaf:80') }] }] }),
    ],
  })
  const answer = await fetch(`http://127.0.0.1:${deaf.http}/`, { headers: { host: 'deaf.test' } })
  expect([answer.status, await answer.text()]).toEqual([504, '504 Gateway Time-out: the upstream did not answer in time\n'])
  await deaf.stop()
  silent.close()
})
