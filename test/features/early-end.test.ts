// An upstream that ends a gRPC call while its client could still send: the stream ends on both sides of the program, so that the upstream can go away.
import { expect, test } from 'bun:test'
import * as grpc from '@grpc/grpc-js'
import { ingress, backend, service } from '../support/manifests.ts'
import { start } from '../support/program.ts'
import { within } from '../support/until.ts'
import { resources } from './scene.ts'

const WITHIN_MS = 5_000
const keep = resources()
const asItIs = (message: Buffer) => message
const path = '/test.Early/End'
const end = { path, requestStream: true, responseStream: true, requestSerialize: asItIs, requestDeserialize: asItIs, responseSerialize: asItIs, responseDeserialize: asItIs }

test('it reads the status, and nothing stays open', async () => {
  const server = new grpc.Server()
  server.addService({ end }, { end(call: grpc.ServerDuplexStream<Buffer, Buffer>) { call.once('data', () => call.end()) } })
  await keep({ close: () => server.forceShutdown() })
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) => { if (error === null) resolve(bound); else reject(error) })
  })
  const metadata = { name: 'early', annotations: { 'nginx.ingress.kubernetes.io/backend-protocol': 'GRPC' } }
  const program = await keep(start({ manifests: [...service({ metadata: { name: 'early' }, ports: [{ name: 'grpc', port: 80 }], endpoints: [port] }), ingress({ metadata, rules: [{ paths: [{ backend: backend('early') }] }] })] }))
  const client = await keep(new grpc.Client(`127.0.0.1:${program.http}`, grpc.credentials.createInsecure()))
  const call = client.makeBidiStreamRequest(path, asItIs, asItIs)
  const status = new Promise<grpc.StatusObject>((resolve) => call.once('status', resolve))
  call.resume()
  call.write(Buffer.from('last words'))
  expect((await within(status, WITHIN_MS))?.code).toBe(grpc.status.OK)
  const gone = new Promise<true>((resolve) => server.tryShutdown(() => resolve(true)))
  expect(await within(gone, WITHIN_MS)).toBe(true)
})
