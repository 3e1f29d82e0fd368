// PROXY in and out of TCP services: `port: namespace/service:port:PROXY:PROXY`.
import { expect, test } from 'bun:test'
import { configMap, service } from '../support/manifests.ts'
import { freePort } from '../support/ports.ts'
import { start } from '../support/program.ts'
import { CONFIGURED, metric, resources } from './scene.ts'
import { talk, TCP_FLAG, tcpOrigin, tcpServices } from './streams.ts'

const keep = resources()
/** Says what it hears, and nothing before. */
const repeating = () => tcpOrigin('repeats', (socket) => { socket.on('data', (bytes: Buffer) => socket.write(bytes)).on('end', () => { socket.end() }) })
const HEADER = 'PROXY TCP4 192.0.2.7 198.51.100.1 4711 5432\r\n'

async function run(suffix: string, settings: Readonly<Record<string, string>> = {}) {
  const origin = await keep(await repeating())
  const port = freePort()
  const data = { 'log-format-stream': '$remote_addr $remote_port $proxy_protocol_addr $realip_remote_addr $status $lintel_reason', ...settings }
  const program = await keep(start({ flags: [TCP_FLAG, CONFIGURED], manifests: [
    ...service({ metadata: { name: 'db' }, ports: [{ name: 'db', port: 5432 }], endpoints: [origin.port] }), tcpServices({ [port]: `default/db:db${suffix}` }), configMap({ name: 'settings' }, data),
  ] }))
  return { program, port, talking: await keep(await talk(port)) }
}

test('out: the endpoint is told whom the connection is for, before the first octet of a client that is silent', async () => {
  const { talking, port } = await run('::PROXY')
  expect(await talking.says(`PROXY TCP4 127.0.0.1 127.0.0.1 ${talking.socket.localPort} ${port}\r\n`)).toBe(true)
  talking.socket.write('hello')
  expect(await talking.says('\r\nhello')).toBe(true)
})

test('in: the header is taken off, and the log has the client that it names', async () => {
  const { program, talking } = await run(':PROXY')
  talking.socket.end(`${HEADER}hello`)
  expect(await talking.when(talking.ended)).toBe(true)
  expect(talking.text()).toBe('hello')
  expect(await program.when(() => program.stdout.includes('192.0.2.7 4711 192.0.2.7 127.0.0.1 200 -'))).toBe(true)
})

test('in and out: what came in goes out', async () => {
  const { talking } = await run(':PROXY:PROXY')
  talking.socket.write(HEADER.slice(0, 20))
  talking.socket.write(HEADER.slice(20))
  expect(await talking.says(HEADER)).toBe(true)
  talking.socket.write('later')
  expect(await talking.says(`${HEADER}later`)).toBe(true)
})

test('in, from whom it is not believed: read, and not taken for true', async () => {
  const { talking, port } = await run(':PROXY:PROXY', { 'proxy-real-ip-cidr': '10.0.0.0/8' })
  talking.socket.write(`${HEADER}hello`)
  expect(await talking.says(`PROXY TCP4 127.0.0.1 127.0.0.1 ${talking.socket.localPort} ${port}\r\nhello`)).toBe(true)
})

test.each([
  ['missing', 'hello\r\n'], ['malformed', 'PROXY TCP4 nobody\r\n'], ['timeout', 'PROXY TCP4 '],
])('in, %s: closed, counted, and nothing of it reaches the endpoint', async (fault, text) => {
  const { program, port, talking } = await run(':PROXY', { 'proxy-protocol-header-timeout': '1s' })
  talking.socket.write(text)
  expect(await talking.when(talking.over)).toBe(true)
  expect(talking.octets()).toBe(0)
  expect(await program.when(() => program.stdout.some((line) => line.endsWith(` 400 proxy_header_${fault}`)))).toBe(true)
  expect(await metric(program, 'lintel_stream_failures_total', `port="${port}",reason="proxy_header_${fault}"`)).toBe(1)
})
