// Clients that stay with their endpoint by a cookie, through the program with two workers: what the cookie says, whom it moves and when,
// beside canaries, and over each protocol.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import * as grpc from '@grpc/grpc-js'
import { echoUpstream, type Echo, type Respond } from '../support/echo.ts'
import { type FieldLine, type ResponseMessage, values } from '../support/http1.ts'
import { start, toYaml, type Program } from '../support/program.ts'
import { app, applied, ask, type Asked, issues, resources, route, server } from './scene.ts'
import { h2Client, head, statusOf } from './http2-client.ts'

const PREFIX = 'nginx.ingress.kubernetes.io'
const STICKY = { 'affinity': 'cookie', 'ssl-redirect': 'false' }
const annotated = (own: Readonly<Record<string, string>>) => ({ annotations: Object.fromEntries(Object.entries(own).map(([name, value]) => [`${PREFIX}/${name}`, value])) })

const keep = resources()
let program: Program
let echoes: Echo[]
const origin = (name: string, respond?: Respond) => keep(echoUpstream({ name, ...respond && { respond } }))
beforeAll(async () => {
  echoes = await Promise.all(Array.from({ length: 5 }, (_, i) => origin(`pod-${i}`)))
  program = await keep(start({ flags: ['--workers=2'], manifests: [] }))
})

type Own = Readonly<Record<string, string>>
/** The Service `name` has these endpoints, behind `name.example` and `path`, in every worker. */
const serve = (name: string, endpoints: readonly { port: number }[], { path = '/', ...own }: Own = {}) =>
  applied(program, () => program.write(`${name}.yaml`, toYaml([...app(name, ...endpoints), route({ to: name, host: `${name}.example`, path, ...annotated({ ...STICKY, ...own }) })])))

const COOKIE = /^([^=]+)=([0-9a-f]{32}\|[0-9a-f]{8})(; .*)?$/
/** The cookie that an answer sets, and its attributes; undefined: it sets none. */
function cookieOf(fields: readonly FieldLine[]): { readonly pair: string; readonly attributes: string[] } | undefined {
  const [line, ...others] = values(fields, 'set-cookie')
  expect(others).toEqual([])
  if (line === undefined) return undefined
  const [, name, value, rest = ''] = COOKIE.exec(line) ?? []
  if (name === undefined) throw new Error(`not a cookie of ours: ${line}`)
  return { pair: `${name}=${value}`, attributes: rest.split('; ').slice(1) }
}

/** A browser with one cookie: keeps what it is told. Each request comes on a connection of its own, so from any worker. */
class Browser {
  cookie = ''
  told = 0
  readonly #host: string
  constructor(name: string) { this.#host = `${name}.example` }
  async get(asked: Asked = {}): Promise<ResponseMessage> {
    const fields = [...asked.fields ?? [], ...(this.cookie === '' ? [] : [['Cookie', `theme=dark; ${this.cookie}; last=1`] as const])]
    const response = await ask(program.http, { host: this.#host, ...asked, fields })
    const cookie = cookieOf(response.fields)
    if (cookie !== undefined) {
      this.cookie = cookie.pair
      this.told++
    }
    return response
  }
  /** Who answered each of `count` requests. */
  async servers(count: number): Promise<(string | number)[]> {
    const seen = []
    for (let i = 0; i < count; i++) seen.push(server(await this.get()))
    return seen
  }
}
/** Names that a server may have. */
const one = (...names: (string | number)[]) => names
const browsers = (name: string, count: number) => Array.from({ length: count }, () => new Browser(name))

describe.each(['balanced', 'persistent'])('mode %s', (mode) => {
  const own = { 'affinity-mode': mode }

  test('a client stays with its endpoint in all workers, and is told so once; clients are spread', async () => {
    await serve(`stay-${mode}`, echoes.slice(0, 3), own)
    const seen = new Set<string | number>()
    for (const browser of browsers(`stay-${mode}`, 12)) {
      const servers = new Set(await browser.servers(6))
      expect(servers.size).toBe(1)
      expect(browser.told).toBe(1)
      for (const name of servers) seen.add(name)
    }
    expect(seen.size).toBe(3)
  })

  test('its endpoint goes: another one, for good', async () => {
    await serve(`gone-${mode}`, echoes.slice(0, 3), own)
    const clients = browsers(`gone-${mode}`, 12)
    const before = await Promise.all(clients.map(async (client) => server(await client.get())))
    await serve(`gone-${mode}`, echoes.slice(0, 2), own)
    const after = await Promise.all(clients.map((client) => client.servers(3)))
    after.forEach((servers, i) => {
      expect(new Set(servers).size).toBe(1)
      if (before[i] !== 'pod-2') expect(servers[0]).toBe(before[i]!)
    })
    expect(before).toContain('pod-2')
  })

  test('a new endpoint comes: few move to it, or nobody', async () => {
    await serve(`more-${mode}`, echoes.slice(0, 4), own)
    const clients = browsers(`more-${mode}`, 40)
    const before = await Promise.all(clients.map(async (client) => server(await client.get())))
    await serve(`more-${mode}`, echoes, own)
    const after = await Promise.all(clients.map(async (client) => server(await client.get())))
    const moved = after.filter((name, i) => name !== before[i])
    expect(moved.every((name) => name === 'pod-4')).toBe(true)
    if (mode === 'persistent') expect(moved).toEqual([])
    else expect(moved.length).toBeLessThan(24)
  })
})

describe('the cookie', () => {
  const first = async (name: string, asked: Asked & { tls?: object } = {}) => cookieOf((await ask(program.http, { host: `${name}.example`, ...asked })).fields)

  test('by default: name, path of the rule, HttpOnly', async () => {
    await serve('plain', echoes, { path: '/shop' })
    const cookie = await first('plain', { target: '/shop/1' })
    expect(cookie?.pair).toStartWith('INGRESSCOOKIE=')
    expect(cookie?.attributes).toEqual(['Path=/shop', 'HttpOnly'])
  })

  test('all that annotations say', async () => {
    await serve('full', echoes, {
      'session-cookie-name': 'SERVERID', 'session-cookie-path': '/app', 'session-cookie-domain': 'full.example', 'session-cookie-expires': '3600',
      'session-cookie-max-age': '7200', 'session-cookie-samesite': 'Lax', 'session-cookie-secure': 'true', 'session-cookie-partitioned': 'true',
    })
    const cookie = await first('full')
    expect(cookie?.pair).toStartWith('SERVERID=')
    const [expires = '', ...others] = cookie?.attributes ?? []
    expect(others).toEqual(['Max-Age=7200', 'Domain=full.example', 'Path=/app', 'Secure', 'HttpOnly', 'SameSite=Lax', 'Partitioned'])
    expect(expires).toMatch(/^Expires=\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/)
    expect(Math.abs(Date.parse(expires.slice(8)) - Date.now() - 3_600_000)).toBeLessThan(5000)
  })

  test('SameSite=None is kept from clients that misread it, where that is asked for', async () => {
    await serve('none', echoes, { 'session-cookie-samesite': 'None', 'session-cookie-conditional-samesite-none': 'true' })
    const by = (userAgent: string) => first('none', { fields: [['User-Agent', userAgent]] })
    expect((await by('curl/8'))?.attributes).toContain('SameSite=None')
    expect((await by('Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/60.0.1.1 Safari/537.36'))?.attributes).not.toContain('SameSite=None')
  })

  test('each client has its own: nothing of an answer is kept for the next', async () => {
    await serve('own', echoes)
    const cookies = await Promise.all(Array.from({ length: 10 }, () => first('own')))
    expect(new Set(cookies.map((cookie) => cookie?.pair)).size).toBe(10)
  })

  test('nonsense in it is answered with a new one', async () => {
    await serve('nonsense', echoes)
    for (const value of ['', 'x', 'pod-1', '127.0.0.1', `${'f'.repeat(32)}|00000000`, `${'f'.repeat(33)}|${'0'.repeat(8)}`]) {
      expect(await first('nonsense', { fields: [['Cookie', `INGRESSCOOKIE=${value}`]] })).toBeDefined()
    }
  })

  test('the endpoint\'s own cookies stay, ours comes beside them', async () => {
    const baker = await origin('baker', () => ({ fields: [['Set-Cookie', 'theirs=1'], ['Set-Cookie', 'more=2']], body: 'ok' }))
    await serve('baker', [baker])
    const lines = values((await ask(program.http, { host: 'baker.example' })).fields, 'set-cookie')
    expect(lines).toHaveLength(3)
    expect(lines.slice(0, 2)).toEqual(['theirs=1', 'more=2'])
  })

  test('answers that no endpoint gave have none: redirects, no endpoint', async () => {
    await serve('empty', [])
    await serve('moved', echoes, { 'permanent-redirect': 'https://new.example/' })
    for (const [name, status] of [['empty', 503], ['moved', 301]] as const) {
      const response = await ask(program.http, { host: `${name}.example` })
      expect([response.status, cookieOf(response.fields)]).toEqual([status, undefined])
    }
  })

  test('other paths and Ingresses of the same Service set none', async () => {
    await applied(program, () => program.write('scope.yaml', toYaml([...app('scope', ...echoes),
      route({ name: 'scope', to: 'scope', host: 'scope.example', path: '/in', ...annotated(STICKY) }), route({ name: 'scope-out', to: 'scope', host: 'scope.example', path: '/out' })])))
    expect(await first('scope', { target: '/in' })).toBeDefined()
    expect(await first('scope', { target: '/out' })).toBeUndefined()
  })

  test('a regular expression tells no path: an issue, and the whole host', async () => {
    await serve('regex', echoes, { path: '/a/.*', 'use-regex': 'true' })
    expect((await first('regex', { target: '/a/b' }))?.attributes).toContain('Path=/')
    expect((await issues(program)).find(({ object }) => object === 'Ingress default/regex')?.reason).toContain('set session-cookie-path')
  })
})

describe('a try that fails', () => {
  /** A client tied to an endpoint that fails when told to, beside a good one. */
  const setUp = async (name: string, own: Own) => {
    let fails = false
    const shaky = await origin('shaky', () => (fails ? 'reset' : undefined))
    await serve(name, [shaky, echoes[0]!], own)
    const clients = browsers(name, 8)
    const servers = await Promise.all(clients.map(async (client) => server(await client.get())))
    const client = clients[servers.indexOf('shaky')]
    if (client === undefined) throw new Error('no client came to the shaky endpoint')
    return { client, fail: (now: boolean) => { fails = now } }
  }

  test('the request is answered elsewhere, the client comes back', async () => {
    const { client, fail } = await setUp('shaky', {})
    fail(true)
    expect([server(await client.get()), client.told]).toEqual(['pod-0', 1])
    fail(false)
    expect(await client.servers(2)).toEqual(['shaky', 'shaky'])
  })

  test('session-cookie-change-on-failure: it stays where it was answered', async () => {
    const { client, fail } = await setUp('moving', { 'session-cookie-change-on-failure': 'true' })
    fail(true)
    expect([server(await client.get()), client.told]).toEqual(['pod-0', 2])
    fail(false)
    expect(await client.servers(3)).toEqual(['pod-0', 'pod-0', 'pod-0'])
  })
})

describe('canary', () => {
  const canary = (name: string, own: Own) => applied(program, () => program.write(`${name}-canary.yaml`, toYaml([...app(`${name}-next`, echoes[3]!, echoes[4]!),
    route({ to: `${name}-next`, host: `${name}.example`, ...annotated({ 'canary': 'true', 'canary-by-header': 'X-Canary', ...own }) })])))
  const always: Asked = { fields: [['X-Canary', 'always']] }
  const never: Asked = { fields: [['X-Canary', 'never']] }

  test('sticky: a client stays with its version and its endpoint, whatever the rules say', async () => {
    await serve('sticky', echoes.slice(0, 2))
    await canary('sticky', {})
    const [modern, old] = [new Browser('sticky'), new Browser('sticky')]
    const next = server(await modern.get(always))
    expect(one('pod-3', 'pod-4')).toContain(next)
    const main = server(await old.get(never))
    expect(one('pod-0', 'pod-1')).toContain(main)
    for (const asked of [{}, always, never]) expect([server(await modern.get(asked)), server(await old.get(asked))]).toEqual([next, main])
    expect([modern.told, old.told]).toEqual([1, 1])
  })

  test('its endpoints go: its clients go to the main version and are told', async () => {
    await serve('ends', echoes.slice(0, 2))
    await canary('ends', {})
    const client = new Browser('ends')
    await client.get(always)
    await applied(program, () => program.remove('ends-canary.yaml'))
    const [main, again] = await client.servers(2)
    expect(one('pod-0', 'pod-1')).toContain(main!)
    expect([again, client.told]).toEqual([main, 2])
  })

  test('legacy: the canary keeps nobody; who is tied to the main version stays there', async () => {
    await serve('legacy', echoes.slice(0, 2))
    await canary('legacy', { 'affinity-canary-behavior': 'legacy' })
    const client = new Browser('legacy')
    expect(one('pod-3', 'pod-4')).toContain(server(await client.get(always)))
    expect(client.told).toBe(0)
    const main = server(await client.get())
    expect(client.told).toBe(1)
    expect(server(await client.get(always))).toBe(main)
  })
})

describe('protocols', () => {
  test('over TLS the cookie is Secure, on HTTP/1.1 and HTTP/2, and holds on both', async () => {
    await serve('secure', echoes)
    const h1 = await ask(program.https, { host: 'secure.example', tls: { servername: 'secure.example' } })
    const cookie = cookieOf(h1.fields)
    expect(cookie?.attributes).toEqual(['Path=/', 'Secure', 'HttpOnly'])
    const h2 = await keep(h2Client(program.https, { tls: { servername: 'secure.example' } }))
    const get = async (fields: [string, string][]) => {
      const stream = await h2.ask(head('/', { ':authority': 'secure.example' }, fields))
      expect(statusOf(stream)).toBe(200)
      const seen = stream.heads.at(-1)?.fields ?? []
      return { by: values(seen, 'x-served-by'), cookie: cookieOf(seen) }
    }
    const own = values(h1.fields, 'x-served-by')
    // Crumbs, as browsers send them (RFC 9113 §8.2.3).
    for (let i = 0; i < 3; i++) expect(await get([['cookie', 'a=1'], ['cookie', cookie?.pair ?? '']])).toEqual({ by: own, cookie: undefined })
    const fresh = await get([])
    expect(fresh.cookie?.attributes).toEqual(['Path=/', 'Secure', 'HttpOnly'])
  })

  const method = {
    path: '/test.Calls/Who', requestStream: false, responseStream: false, requestSerialize: (message: Buffer) => message, requestDeserialize: (message: Buffer) => message,
    responseSerialize: (message: Buffer) => message, responseDeserialize: (message: Buffer) => message,
  } as const
  const servers: grpc.Server[] = []
  afterAll(() => { for (const each of servers) each.forceShutdown() })
  async function grpcOrigin(name: string): Promise<{ port: number }> {
    const each = new grpc.Server()
    const who: grpc.handleUnaryCall<Buffer, Buffer> = (_, answer) => answer(null, Buffer.from(name))
    each.addService({ who: method }, { who })
    servers.push(each)
    return new Promise((resolve, reject) => {
      each.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => { if (error === null) resolve({ port }); else reject(error) })
    })
  }

  test('gRPC: in the initial metadata, and a call with it goes to the same endpoint', async () => {
    await serve('calls', await Promise.all(['one', 'two', 'three'].map(grpcOrigin)), { 'backend-protocol': 'GRPC' })
    const client = await keep(new grpc.Client(`127.0.0.1:${program.http}`, grpc.credentials.createInsecure(), { 'grpc.default_authority': 'calls.example' }))
    const call = (cookie: string) => new Promise<{ by: string; cookie: string }>((resolve, reject) => {
      const metadata = new grpc.Metadata()
      if (cookie !== '') metadata.set('cookie', cookie)
      let told = ''
      client.makeUnaryRequest(method.path, method.requestSerialize, method.responseDeserialize, Buffer.from('?'), metadata, (error, value) => {
        if (error) reject(error)
        else resolve({ by: String(value), cookie: told })
      }).on('metadata', (initial) => { told = String(initial.get('set-cookie')[0] ?? '') })
    })
    const first = await call('')
    const [pair = ''] = first.cookie.split(';')
    expect(pair).toStartWith('INGRESSCOOKIE=')
    for (let i = 0; i < 5; i++) expect(await call(pair)).toEqual({ by: first.by, cookie: '' })
  })
})
