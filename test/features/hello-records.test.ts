// A ClientHello in many records and many segments (RFC 8446 §5.1): each TLS client gets its handshake, whoever cuts it up on the way.
import { connect as connectTcp, createServer, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import { beforeAll, expect, test } from 'bun:test'
import { certificate } from '../support/certificate.ts'
import { echoUpstream } from '../support/echo.ts'
import { backend, ingress, tlsSecret } from '../support/manifests.ts'
import { start, type Program } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'
import { app, echoed, requestText, resources } from './scene.ts'

const keep = resources()
const RECORD_HEADER = 5
const HOST = 'app.example'
let program: Program
beforeAll(async () => {
  program = await keep(start({ manifests: [
    ...app('app', await keep(echoUpstream())), tlsSecret({ name: 'pair' }, await certificate({ names: [HOST] })),
    ingress({ metadata: { name: 'app' }, tls: [{ hosts: [HOST], secretName: 'pair' }], rules: [{ host: HOST, paths: [{ backend: backend('app') }] }] }),
  ] }))
})

/** The same handshake message in records of `size` octets. */
const inRecords = (record: Buffer, size: number): Buffer => {
  const message = record.subarray(RECORD_HEADER)
  return Buffer.concat(Array.from({ length: Math.ceil(message.length / size) }, (_, at) => {
    const part = message.subarray(at * size, (at + 1) * size)
    return Buffer.concat([Buffer.from([22, 3, 1, part.length >> 8, part.length & 255]), part])
  }))
}
/** Stands between a client and the program, and sends the first octets, a whole hello, as `cut` has it: a write each. */
const between = async (cut: (hello: Buffer) => readonly Buffer[]) => {
  const server = createServer((client: Socket) => {
    const onward = connectTcp({ port: program.https, host: '127.0.0.1', noDelay: true })
    const end = () => { client.destroy(); onward.destroy() }
    client.on('error', end).on('close', end)
    onward.on('error', end).on('close', end)
    let held = Buffer.alloc(0)
    const first = (bytes: Buffer) => {
      held = Buffer.concat([held, bytes])
      if (held.length < RECORD_HEADER || held.length < RECORD_HEADER + held.readUInt16BE(3)) return
      client.off('data', first)
      for (const part of cut(held)) onward.write(part)
      client.pipe(onward).pipe(client)
    }
    client.on('data', first)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  await keep(server)
  const address: AddressInfo | string | null = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
/** As many as a hello may come in (src/http/tls/await-hello.ts has the bound), with room. */
const SEGMENTS = 30
const inSegments = (octets: Buffer) => {
  const size = Math.ceil(octets.length / SEGMENTS)
  return Array.from({ length: Math.ceil(octets.length / size) }, (_, at) => octets.subarray(at * size, (at + 1) * size))
}

test.each([
  ['in records of 1 octet', (hello: Buffer) => [inRecords(hello, 1)]],
  [`in ${SEGMENTS} segments`, inSegments],
  [`in records of 3 octets, in ${SEGMENTS} segments`, (hello: Buffer) => inSegments(inRecords(hello, 3))],
  [`in records of 50 octets, in ${SEGMENTS} segments`, (hello: Buffer) => inSegments(inRecords(hello, 50))],
  ['cut behind the header of the record', (hello: Buffer) => [hello.subarray(0, RECORD_HEADER), hello.subarray(RECORD_HEADER)]],
])('%s: served, with the certificate of the name, by both versions', async (_, cut) => {
  const port = await between(cut)
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const client = await rawClient(port, { tls: { servername: HOST, maxVersion } })
    if ('getPeerCertificate' in client.socket) expect(client.socket.getPeerCertificate().subjectaltname).toBe(`DNS:${HOST}`)
    client.send(requestText())
    expect(echoed(await client.response()).method).toBe('GET')
    client.destroy()
  }
})
