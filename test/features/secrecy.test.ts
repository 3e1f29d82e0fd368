// What nobody may read who reads our logs, metrics, pages and answers: private keys, and what clients send in fields. All of it is looked through after
// a run in which much goes wrong. What log formats ask for by name (User-Agent and Referer by default) is what people want to see there.
import { expect, test } from 'bun:test'
import { certificate } from '../support/certificate.ts'
import { echoUpstream } from '../support/echo.ts'
import { backend, ingress, secret, tlsSecret } from '../support/manifests.ts'
import { start, toYaml } from '../support/program.ts'
import { rawClient, type RawClientOptions } from '../support/raw-client.ts'
import { h2Client, head } from './http2-client.ts'
import { configureProxied } from './proxied.ts'
import { app, applied, CONFIGURED, issues, requestText, resources, route } from './scene.ts'

const keep = resources()
/** In every field below. */
const CANARY = 'canary5ecret'
const FIELDS = [['Authorization', `Bearer ${CANARY}`], ['Cookie', `session=${CANARY}`], ['X-Api-Key', CANARY], ['X-Forwarded-For', CANARY], ['Forwarded', `for=${CANARY}`], ['Accept', CANARY]] as const
const LINES = FIELDS.map(([name, value]) => `${name}: ${value}\r\n`).join('')

const HOSTILE = [
  requestText({ fields: FIELDS }), requestText({ fields: FIELDS, host: 'nobody.example' }), requestText({ fields: FIELDS, target: '/down' }),
  requestText({ fields: FIELDS, host: 'mutual.example' }),
  requestText({ fields: FIELDS, host: 'secured.example' }), requestText({ fields: [...FIELDS, ['Content-Length', '99999999']] }), requestText({ fields: [...FIELDS, ['X-Long', CANARY.repeat(3_000)]] }),
  requestText({ fields: [...FIELDS, ...Array.from({ length: 300 }, (_, i) => [`X-${i}`, CANARY] as const)] }), requestText({ fields: [...FIELDS, ['Expect', CANARY]] }),
  `GET / HTTP/1.1\r\nHost: app.example\r\n${LINES}broken ${CANARY}\r\n\r\n`, `GET / HTTP/1.1\r\nHost: app.example\r\n${LINES} folded ${CANARY}\r\n\r\n`,
  `GET / HTTP/1.1\r\nHost: app.example\r\n${LINES}Transfer-Encoding: ${CANARY}\r\n\r\n`, `GET / HTTP/1.1\r\nHost: app.example\r\n${LINES}Content-Length: ${CANARY}\r\n\r\n`,
  `GET / HTTP/1.1\r\nHost: ${CANARY}/x\r\n${LINES}\r\n`, `GET / HTTP/1.1\r\nHost: app.example\r\n${LINES}X: \u0000${CANARY}\r\n\r\n`,
  `POST / HTTP/1.1\r\nHost: app.example\r\n${LINES}Transfer-Encoding: chunked\r\n\r\n${CANARY}\r\n`, `GET / HTTP/1.1\r\nHost: app.example\r\n${LINES}Upgrade: ${CANARY}\r\nConnection: Upgrade\r\n\r\n`,
] as const

test('keys and what clients send in fields are nowhere to be read', async () => {
  const pairs = await Promise.all([
    certificate({ names: ['secured.example'] }), certificate({ names: ['secured.example'], kind: 'rsa' }), certificate({ names: ['other.example'] }), certificate({ names: ['client.example'] }),
  ])
  const [ec, rsa, other, mine] = pairs
  const echo = await keep(echoUpstream({ respond: () => ({ status: 200, body: 'ok' }) }))
  const withTls = (name: string, host: string, annotations: Readonly<Record<string, string>> = {}) =>
    ingress({ metadata: { name, annotations }, tls: [{ hosts: [host], secretName: name }], rules: [{ host, paths: [{ backend: backend('app') }] }] })
  const program = await keep(start({ flags: [CONFIGURED, '--v=5'], manifests: [
    ...app('app', echo), route({ to: 'app' }), ...app('down', { port: 1 }), route({ to: 'down', path: '/down' }),
    withTls('secured', 'secured.example'), tlsSecret({ name: 'secured' }, ec), withTls('beside', 'secured.example'), tlsSecret({ name: 'beside' }, rsa),
    withTls('mixed', 'mixed.example'), tlsSecret({ name: 'mixed' }, { cert: ec.cert, key: other.key }), withTls('torn', 'torn.example'), tlsSecret({ name: 'torn' }, { cert: rsa.cert, key: rsa.key.slice(0, 400) }),
    withTls('swapped', 'swapped.example'), secret({ name: 'swapped' }, { 'tls.crt': ec.key, 'tls.key': ec.cert }, 'kubernetes.io/tls'),
    withTls('mutual', 'mutual.example', { 'nginx.ingress.kubernetes.io/auth-tls-secret': 'default/ca', 'nginx.ingress.kubernetes.io/proxy-ssl-secret': 'default/mixed' }), secret({ name: 'ca' }, { 'ca.crt': mine.key }),
  ] }))
  const answers: string[] = []
  const talked = async (text: string, options: RawClientOptions = {}) => {
    const client = await rawClient(program[options.tls ? 'https' : 'http'], options).catch(() => null)
    if (client === null) return
    client.send(text)
    client.end()
    await client.closed()
    answers.push(...client.responses.map(({ fields, body }) => JSON.stringify(fields) + body), client.rest().toString('latin1'))
    client.destroy()
  }
  const run = async () => {
    for (const text of HOSTILE) {
      await talked(text)
      await talked(text, { tls: { servername: 'secured.example', cert: mine.cert, key: mine.key } })
    }
    for (const servername of ['mixed.example', 'torn.example', 'swapped.example', 'mutual.example', CANARY]) await talked(HOSTILE[0], { tls: { servername, cert: other.cert, key: other.key } })
    const h2 = await h2Client(program.http)
    for (const more of [[], [['x-long', CANARY.repeat(3_000)]], [['Upper', CANARY]], [['te', CANARY]]] as const) {
      await h2.done(h2.open(head('/', {}, [...FIELDS.map(([name, value]) => [name.toLowerCase(), value] as const), ...more])))
    }
    h2.destroy()
  }
  await run()
  await configureProxied(program, { 'use-forwarded-headers': 'true', 'use-gzip': 'true', 'proxy-request-buffering': 'on' })
  await run()
  await configureProxied(program, { 'use-proxy-protocol': 'true' })
  await run()
  for (const text of [`PROXY TCP4 ${CANARY} 1 2 3\r\n`, `PROXY UNKNOWN ${CANARY}\r\n${HOSTILE[9]}`, `PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n${HOSTILE[9]}`]) await talked(text)
  await applied(program, () => program.write('late.yaml', toYaml([withTls('late', 'late.example'), secret({ name: 'late' }, { 'tls.crt': 'x', 'tls.key': other.key.replace('PRIVATE', CANARY) }, 'kubernetes.io/tls')])))
  expect((await issues(program)).filter(({ object }) => object.startsWith('Secret ')).length).toBeGreaterThan(3)
  expect(answers.length).toBeGreaterThan(HOSTILE.length)

  const pages = await Promise.all(['/', '/table', '/issues', '/metrics', '/readyz', '/healthz', `/${CANARY}`].map(async (path) => (await fetch(`http://127.0.0.1:${program.admin}${path}`)).text()))
  await program.stop()
  const lines = pairs.flatMap(({ key }) => key.split('\n').filter((line) => /^[\w+/=]{20,}$/.test(line)))
  const outputs = { stdout: program.stdout.join('\n'), stderr: program.stderr.join('\n'), pages: pages.join('\n'), answers: answers.join('\n') }
  expect(outputs.stdout.length).toBeGreaterThan(1_000)
  const found = Object.entries(outputs).flatMap(([where, text]) => [CANARY, 'PRIVATE KEY', 'BEGIN ', ...lines].filter((secretText) => text.includes(secretText)).map((what) => `${what} in ${where}: ${contextOf(text, what)}`))
  expect(found).toEqual([])
}, 60_000)

const contextOf = (text: string, what: string) => text.slice(Math.max(0, text.indexOf(what) - 150), text.indexOf(what) + 60)
