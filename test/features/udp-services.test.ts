// --udp-services-configmap: datagrams to the endpoints of a Service and back, a session for each client address.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { expect, test } from 'bun:test'
import { configMap } from '../support/manifests.ts'
import { start, toYaml, type Program } from '../support/program.ts'
import { changes } from '../support/until.ts'
import { CONFIGURED, issues, metric, resources } from './scene.ts'

const FLAG = '--udp-services-configmap=default/udp'
const LARGEST = 65_507
const keep = resources()

async function bound(type: 'udp4' | 'udp6' = 'udp4', address = '127.0.0.1'): Promise<Socket> {
  const socket = createSocket(type)
  socket.on('error', () => undefined)
  socket.bind({ port: 0, address })
  await once(socket, 'listening')
  return socket
}
const freeUdpPort = async (): Promise<number> => {
  const socket = await bound()
  const { port } = socket.address()
  await new Promise<void>((resolve) => { socket.close(resolve) })
  return port
}
/** respond: what an endpoint sends for each datagram. */
async function udpOrigin(respond: (text: string, bytes: Buffer) => readonly (string | Buffer)[], address = '127.0.0.1') {
  const socket = await keep(bound(address.includes(':') ? 'udp6' : 'udp4', address))
  const heard: { text: string; from: RemoteInfo }[] = []
  const { notify, when } = changes()
  socket.on('message', (bytes, from) => {
    heard.push({ text: bytes.toString(), from })
    for (const answer of respond(bytes.toString(), bytes)) socket.send(answer, from.port, from.address)
    notify()
  })
  return { port: socket.address().port, heard, when, socket }
}
async function udpClient(port: number, { type, host }: { readonly type: 'udp4' | 'udp6'; readonly host: string } = { type: 'udp4', host: '127.0.0.1' }) {
  const socket = await keep(bound(type, host))
  const answers: Buffer[] = []
  const { notify, when } = changes()
  socket.on('message', (bytes) => { answers.push(bytes); notify() })
  return { send: (data: string | Buffer) => socket.send(data, port, host), answers, texts: () => answers.map(String), when, port: socket.address().port }
}

/** As Kubernetes has DNS: the same number for TCP too, which is not meant. */
const dns = (endpoints: readonly number[], address = '127.0.0.1'): object[] => [
  { apiVersion: 'v1', kind: 'Service', metadata: { name: 'dns' }, spec: { ports: [{ name: 'dns-tcp', port: 53, protocol: 'TCP' }, { name: 'dns', port: 53, protocol: 'UDP' }] } },
  ...endpoints.map((port, index) => ({
    apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name: `dns-${index}`, labels: { 'kubernetes.io/service-name': 'dns' } }, addressType: address.includes(':') ? 'IPv6' : 'IPv4',
    ports: [{ name: 'dns-tcp', port: 1, protocol: 'TCP' }, { name: 'dns', port, protocol: 'UDP' }], endpoints: [{ addresses: [address], conditions: { ready: true } }],
  })),
]
const udpServices = (entries: Readonly<Record<string | number, string>>): object => configMap({ name: 'udp' }, entries)
const run = (manifests: readonly object[], settings: Readonly<Record<string, string>> = {}, options: { readonly flags?: readonly string[]; readonly command?: readonly string[] } = {}): Promise<Program> =>
  keep(start({ ...options, flags: [FLAG, CONFIGURED, ...options.flags ?? []], manifests: [...manifests, configMap({ name: 'settings' }, settings)] }))
const failures = (program: Program, reason: string) => metric(program, 'lintel_stream_failures_total', `reason="${reason}"`)

test('a question gets its answer, from the port that was asked, and the log a line', async () => {
  const origin = await udpOrigin((text) => [`re: ${text}`])
  const port = await freeUdpPort()
  const program = await run([...dns([origin.port]), udpServices({ [port]: 'default/dns:53' })], { 'log-format-stream': '$protocol $status $bytes_sent $bytes_received $upstream_addr $proxy_upstream_name' })
  const client = await udpClient(port)
  client.send('one')
  expect(await client.when(() => client.answers.length === 1)).toBe(true)
  expect(client.texts()).toEqual(['re: one'])
  expect(await program.when(() => program.stdout.includes(`UDP 200 7 3 127.0.0.1:${origin.port} udp-default-dns-53`))).toBe(true)
  await program.waitFor('the session is over', async () => await metric(program, 'lintel_stream_sessions_open', 'protocol="udp"') === 0)
  expect(await metric(program, 'lintel_stream_sessions_total', `protocol="udp",port="${port}"`)).toBe(1)
})

test('a session stays with its endpoint; others go to the next one', async () => {
  const origins = [await udpOrigin(() => []), await udpOrigin(() => [])]
  const port = await freeUdpPort()
  await run([...dns(origins.map((origin) => origin.port)), udpServices({ [port]: 'default/dns:dns' })])
  const clients = [await udpClient(port), await udpClient(port)]
  for (const [index, client] of clients.entries()) {
    client.send(`${index}a`)
    client.send(`${index}b`)
  }
  for (const origin of origins) expect(await origin.when(() => origin.heard.length === 2)).toBe(true)
  for (const { heard } of origins) {
    expect(new Set(heard.map(({ text }) => text[0])).size).toBe(1)
    expect(new Set(heard.map(({ from }) => from.port)).size).toBe(1)
  }
})

test('proxy-stream-responses: so many answers pass, then the session is over', async () => {
  const origin = await udpOrigin((text) => [`${text}1`, `${text}2`, `${text}3`])
  const port = await freeUdpPort()
  const program = await run([...dns([origin.port]), udpServices({ [port]: 'default/dns:53' })], { 'proxy-stream-responses': '3' })
  const client = await udpClient(port)
  client.send('a')
  expect(await client.when(() => client.answers.length === 3)).toBe(true)
  await program.waitFor('over', async () => await metric(program, 'lintel_stream_sessions_open', 'protocol="udp"') === 0)
  client.send('b')
  expect(await client.when(() => client.answers.length === 6)).toBe(true)
  expect(new Set(origin.heard.map(({ from }) => from.port)).size).toBe(2)
})

test('proxy-stream-responses 0: none is waited for, every datagram arrives', async () => {
  const origin = await udpOrigin(() => [])
  const port = await freeUdpPort()
  const program = await run([...dns([origin.port]), udpServices({ [port]: 'default/dns:53' })], { 'proxy-stream-responses': '0' })
  const client = await udpClient(port)
  for (let i = 0; i < 20; i++) client.send(`line ${i}`)
  expect(await origin.when(() => origin.heard.length === 20)).toBe(true)
  await program.waitFor('over', async () => await metric(program, 'lintel_stream_sessions_open', 'protocol="udp"') === 0)
})

test('the largest datagram goes both ways', async () => {
  const origin = await udpOrigin((_, bytes) => [bytes])
  const port = await freeUdpPort()
  await run([...dns([origin.port]), udpServices({ [port]: 'default/dns:53' })])
  const client = await udpClient(port)
  const largest = Buffer.alloc(LARGEST, 'lintel')
  client.send(largest)
  expect(await client.when(() => client.answers.length === 1)).toBe(true)
  expect(client.answers[0]?.equals(largest)).toBe(true)
})

test('IPv6 both ways', async () => {
  const origin = await udpOrigin((text) => [`six ${text}`], '::1')
  const port = await freeUdpPort()
  await run([...dns([origin.port], '::1'), udpServices({ [port]: 'default/dns:53' })], {}, { flags: ['--bind-address=::1'] })
  const client = await udpClient(port, { type: 'udp6', host: '::1' })
  client.send('hi')
  expect(await client.when(() => client.texts().includes('six hi'))).toBe(true)
})

test('an endpoint where nobody listens: nothing comes back, it is counted, and soon the others are asked', async () => {
  const origin = await udpOrigin((text) => [text])
  const [port, dead] = [await freeUdpPort(), await freeUdpPort()]
  const program = await run([...dns([dead, origin.port]), udpServices({ [port]: 'default/dns:53' })])
  let answered = 0
  for (let i = 0; i < 12; i++) {
    const client = await udpClient(port)
    client.send('?')
    await program.waitFor('an answer or a failure', async () => client.answers.length === 1 || await failures(program, 'connect_failed') > i - answered)
    answered += client.answers.length
  }
  expect(answered).toBeGreaterThan(6)
  expect(await failures(program, 'connect_failed')).toBe(12 - answered)
})

test('no answer within proxy-stream-timeout: the session ends, and counts as failed', async () => {
  const origin = await udpOrigin(() => [])
  const port = await freeUdpPort()
  const program = await run([...dns([origin.port]), udpServices({ [port]: 'default/dns:53' })], { 'proxy-stream-timeout': '1s' })
  const client = await udpClient(port)
  client.send('?')
  await program.waitFor('counted', async () => await failures(program, 'timeout_header') === 1)
  expect(await metric(program, 'lintel_stream_sessions_open', 'protocol="udp"')).toBe(0)
})

/** A quarter of the descriptors, two for each session (src/proxy/edge.ts). */
const FEW_DESCRIPTORS = ['sh', '-c', 'ulimit -n 240; exec "$0" src/main.ts "$@"', process.execPath]
const SESSIONS = 30

test('as many sessions as there may be work; a datagram that would begin one more is dropped and counted; after one is over the next begins', async () => {
  const origin = await udpOrigin((text) => text === 'at once' ? ['re: at once'] : [])
  const port = await freeUdpPort()
  const program = await run([...dns([origin.port]), udpServices({ [port]: 'default/dns:53' })], {}, { command: FEW_DESCRIPTORS })
  const clients = await Promise.all(Array.from({ length: SESSIONS }, () => udpClient(port)))
  for (const client of clients) client.send('later')
  expect(await origin.when(() => origin.heard.length === SESSIONS)).toBe(true)
  const over = await udpClient(port)
  over.send('one more')
  await program.waitFor('it is counted', async () => await failures(program, 'limit_sessions') === 1)
  expect(origin.heard.map(({ text }) => text)).not.toContain('one more')
  for (const { from } of origin.heard) origin.socket.send('now', from.port, from.address)
  for (const client of clients) expect(await client.when(() => client.texts().includes('now'))).toBe(true)
  over.send('at once')
  expect(await over.when(() => over.texts().includes('re: at once'))).toBe(true)
  expect(await failures(program, 'limit_sessions')).toBe(1)
})

test('ports come and go live, and one that is taken is an issue', async () => {
  const origin = await udpOrigin((text) => [text])
  const other = await keep(bound())
  const port = await freeUdpPort()
  const program = await run([...dns([origin.port]), udpServices({ [other.address().port]: 'default/dns:53' })])
  await program.waitFor('the issue', async () => (await issues(program)).some(({ object, field, reason }) => object === 'ConfigMap default/udp' && field === String(other.address().port) && reason.includes('UDP port')))
  program.write('manifests.yaml', toYaml([...dns([origin.port]), udpServices({ [port]: 'default/dns:53' })]))
  const client = await udpClient(port)
  await program.waitFor('the port', async () => { client.send('?'); return client.when(() => client.answers.length > 0, 50) })
  expect((await issues(program)).filter(({ object }) => object === 'ConfigMap default/udp')).toEqual([])
})

test('with several workers each client is answered, and keeps its session', async () => {
  const origin = await udpOrigin((text) => [text])
  const port = await freeUdpPort()
  const program = await run([...dns([origin.port]), udpServices({ [port]: 'default/dns:53' })], { 'proxy-stream-responses': '2' }, { flags: ['--workers=2'] })
  const clients = await Promise.all(Array.from({ length: 16 }, () => udpClient(port)))
  for (const turn of [1, 2]) {
    for (const client of clients) client.send('?')
    for (const client of clients) expect(await client.when(() => client.answers.length === turn)).toBe(true)
  }
  // Two answers each are awaited for every datagram: none of the sessions is over, and each client had one.
  await program.waitFor('all of them counted', async () => await metric(program, 'lintel_stream_sessions_open', 'protocol="udp"') === clients.length)
  expect(await metric(program, 'lintel_stream_sessions_total', 'protocol="udp"')).toBe(clients.length)
})
