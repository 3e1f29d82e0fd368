// PROXY protocol with those who speak it: HAProxy and nginx as senders in front, HAProxy as receiver behind, in clear, over TLS and with HTTP/2.
import { beforeAll, describe, expect, test } from 'bun:test'
import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { certificate } from '../support/certificate.ts'
import { echoUpstream, type Echo } from '../support/echo.ts'
import { parseResponse, values, type ResponseMessage } from '../support/http1.ts'
import { freePort } from '../support/ports.ts'
import { start, type Program } from '../support/program.ts'
import { haproxy, nginx, startHaproxy, startNginxStream } from './balancers.ts'
import { pair, WITH_PAIR } from './http2-session.ts'
import { configureProxied, seen } from './proxied.ts'
import { app, CONFIGURED, echoed, requestText, resources, route } from './scene.ts'

/** The client's address: all of 127.0.0.0/8 is this machine, and the balancers come from 127.0.0.1. */
const CLIENT = '127.0.0.77'

/** One request of that client. port: its own. */
const askHost = (to: number, host: string, tls: boolean) => new Promise<{ answer: ResponseMessage; port: number }>((resolve, reject) => {
  const raw = connectTcp({ port: to, host: '127.0.0.1', localAddress: CLIENT }, () => {
    const port = raw.localPort ?? 0
    const socket = tls ? connectTls({ socket: raw, servername: host, rejectUnauthorized: false }) : raw
    let received = Buffer.alloc(0)
    socket.on('error', reject).on('data', (bytes: Buffer) => {
      received = Buffer.concat([received, bytes])
      const parsed = parseResponse(received, { method: 'GET', ended: false })
      if (parsed?.response.complete !== true) return
      resolve({ answer: parsed.response, port })
      raw.destroy()
    })
    socket.write(requestText({ host }))
  })
  raw.on('error', reject).on('close', () => reject(new Error('closed without an answer')))
})

const keep = resources()
let echo: Echo
let program: Program
const behind = { clear: freePort(), tls: freePort(), h2: freePort() }
const announced = (host: string, to: string, annotations: Readonly<Record<string, string>>) =>
  route({ name: host, to, host, annotations: Object.fromEntries(Object.entries(annotations).map(([name, value]) => [name.includes('/') ? name : `nginx.ingress.kubernetes.io/${name}`, value])) })

beforeAll(async () => {
  echo = await keep(echoUpstream())
  program = await keep(start({ flags: [CONFIGURED, WITH_PAIR], manifests: [
    ...app('app', echo), route({ to: 'app' }), await pair(),
    ...Object.entries(behind).flatMap(([name, port]) => app(name, { port })),
    announced('v1.example', 'clear', { 'lintel.dev/proxy-protocol': 'v1' }), announced('v2.example', 'clear', { 'lintel.dev/proxy-protocol': 'v2' }),
    announced('none.example', 'clear', {}),
    announced('tls.example', 'tls', { 'lintel.dev/proxy-protocol': 'v2', 'backend-protocol': 'HTTPS' }),
    announced('h2.example', 'h2', { 'lintel.dev/proxy-protocol': 'v2', 'backend-protocol': 'GRPC' }),
  ] }))
})

const pemOf = async () => {
  const { cert, key } = await certificate({ names: ['app.example'] })
  return `${cert}\n${key}`
}

describe.skipIf(haproxy === null)('HAProxy in front', () => {
  const ports = { v1: freePort(), v2: freePort(), tls: freePort(), passed: freePort(), passed1: freePort() }
  beforeAll(async () => {
    await configureProxied(program, {
      'use-proxy-protocol': 'true', 'proxy-real-ip-cidr': '127.0.0.1/32',
      'log-format-upstream': 'peer [$realip_remote_addr] [$proxy_protocol_addr] [$proxy_protocol_tlv_authority] [$proxy_protocol_tlv_ssl_version] [$proxy_protocol_tlv_unique_id]',
    })
    const frontend = (name: keyof typeof ports, to: number, { bind = '', send = '' }) =>
      `frontend ${name}\n  mode tcp\n  unique-id-format id-%pid-${name}\n  bind 127.0.0.1:${ports[name]} ${bind}\n  default_backend ${name}\nbackend ${name}\n  mode tcp\n  server s 127.0.0.1:${to} ${send}\n`
    await keep(startHaproxy({ ports: Object.values(ports), files: { pem: await pemOf() }, text: [
      frontend('v1', program.http, { send: 'send-proxy' }),
      frontend('v2', program.http, { send: 'send-proxy-v2 proxy-v2-options crc32c,unique-id' }),
      frontend('tls', program.http, { bind: 'ssl crt FOLDER/pem', send: 'send-proxy-v2-ssl-cn proxy-v2-options authority,crc32c,ssl,cert-cn,ssl-cipher,cert-sig,cert-key' }),
      frontend('passed', program.https, { send: 'send-proxy-v2' }),
      frontend('passed1', program.https, { send: 'send-proxy' }),
    ].join('') }))
  })

  test.each([['send-proxy', 'v1', false, 'http'], ['send-proxy-v2 with a checksum', 'v2', false, 'http'], ['send-proxy-v2-ssl: TLS ends at HAProxy', 'tls', true, 'https'], ['send-proxy-v2, TLS passed through', 'passed', true, 'https'], ['send-proxy, TLS passed through', 'passed1', true, 'https']] as const)(
    '%s', async (_, name, tls, proto) => {
      const { answer } = await askHost(ports[name], 'app.example', tls)
      expect(seen(echoed(answer).headers)).toEqual({ address: CLIENT, chain: CLIENT, port: String(ports[name]), proto })
    })
  test('what HAProxy says of the connection is there for the log', async () => {
    const has = (pattern: RegExp) => program.when(() => program.stdout.some((line) => pattern.test(line)))
    expect(await has(/^peer \[127\.0\.0\.1\] \[127\.0\.0\.77\] \[app\.example\] \[TLSv1\.3\] \[-\]$/)).toBeTrue()
    expect(await has(/^peer \[127\.0\.0\.1\] \[127\.0\.0\.77\] \[-\] \[-\] \[id-\d+-v2\]$/)).toBeTrue()
  })
})

describe.skipIf(nginx === null)('nginx in front', () => {
  const ports = { clear: freePort(), tls: freePort() }
  beforeAll(async () => {
    await configureProxied(program, { 'use-proxy-protocol': 'true', 'proxy-real-ip-cidr': '127.0.0.1' })
    const server = (port: number, to: number) => `server { listen 127.0.0.1:${port}; proxy_pass 127.0.0.1:${to}; proxy_protocol on; }`
    await keep(startNginxStream({ ports: Object.values(ports), text: [server(ports.clear, program.http), server(ports.tls, program.https)].join('\n') }))
  })
  test.each([['clear', 'http'], ['tls', 'https']] as const)('%s', async (name, proto) => {
    const { answer } = await askHost(ports[name], 'app.example', name === 'tls')
    expect(seen(echoed(answer).headers)).toEqual({ address: CLIENT, chain: CLIENT, port: String(ports[name]), proto })
  })
})

describe.skipIf(haproxy === null)('HAProxy behind, accept-proxy', () => {
  beforeAll(async () => {
    await configureProxied(program, {})
    const frontend = (name: keyof typeof behind, bind: string) => `frontend ${name}\n  mode http\n  bind 127.0.0.1:${behind[name]} accept-proxy ${bind}\n`
      + '  http-request set-header X-Src %[src]:%[src_port]\n  http-request set-header X-Dst %[dst]:%[dst_port]\n  http-request set-header X-Authority %[fc_pp_authority]\n  default_backend echo\n'
    await keep(startHaproxy({ ports: Object.values(behind), files: { pem: await pemOf() }, text:
      `${frontend('clear', '')}${frontend('tls', 'ssl crt FOLDER/pem')}${frontend('h2', 'proto h2')}backend echo\n  mode http\n  server s 127.0.0.1:${echo.port}\n` }))
  })
  const through = async (host: string, tls: boolean) => {
    const asked = await askHost(tls ? program.https : program.http, host, tls)
    const { headers } = echoed(asked.answer)
    const [src, dst, authority] = ['x-src', 'x-dst', 'x-authority'].map((name) => values(headers, name).join())
    return { src: src === `${CLIENT}:${asked.port}`, dst, authority }
  }
  test.each(['v1.example', 'v2.example', 'tls.example', 'h2.example'])('%s: HAProxy sees the client', async (host) => {
    expect(await through(host, false)).toEqual({ src: true, dst: `127.0.0.1:${program.http}`, authority: '' })
  })
  test('the name that was asked for over TLS goes with it', async () => {
    expect(await through('v2.example', true)).toEqual({ src: true, dst: `127.0.0.1:${program.https}`, authority: 'v2.example' })
  })
  test('without the annotation HAProxy refuses', async () => {
    const { answer } = await askHost(program.http, 'none.example', false)
    expect(answer.status).toBe(502)
  })
})
