// --tcp-services-configmap: ports that come and go as the ConfigMap says, each to the endpoints of its Service, octets unchanged.
import { expect, test } from 'bun:test'
import { configMap, service } from '../support/manifests.ts'
import { freePort, accepts } from '../support/ports.ts'
import { start, toYaml, type Program } from '../support/program.ts'
import { CONFIGURED, issues as issuesIn, metric, resources } from './scene.ts'
import { type Origin, talk, TCP_FLAG, tcpOrigin, tcpServices } from './streams.ts'

const keep = resources()

const database = (name: string, ...origins: readonly Pick<Origin, 'port'>[]): object[] =>
  service({ metadata: { name }, ports: [{ name: 'db', port: 5432 }], endpoints: origins.map(({ port }) => port) })
const run = (manifests: readonly object[], flags: readonly string[] = []): Promise<Program> => keep(start({ flags: [TCP_FLAG, CONFIGURED, ...flags], manifests }))
const origin = async (...args: Parameters<typeof tcpOrigin>) => keep(await tcpOrigin(...args))
const client = async (...args: Parameters<typeof talk>) => keep(await talk(...args))
const failures = (program: Program, port: number, reason: string) => metric(program, 'lintel_stream_failures_total', `protocol="tcp",port="${port}",reason="${reason}"`)

test('octets go both ways, by number and by name of the port, whoever speaks first', async () => {
  const one = await origin('one')
  const [byNumber, byName] = [freePort(), freePort()]
  await run([...database('db', one), tcpServices({ [byNumber]: 'default/db:5432', [byName]: 'default/db:db' })])
  for (const port of [byNumber, byName]) {
    const talking = await client(port)
    expect(await talking.says('one:')).toBe(true)
    talking.socket.write('hello')
    expect(await talking.says('one:hello')).toBe(true)
  }
})

test('a half that ends leaves the other one open, both ways', async () => {
  const patient = await origin('patient', (socket) => { socket.resume().on('end', () => { socket.end('all of it') }) })
  const curt = await origin('curt', (socket) => {
    socket.end('bye')
    socket.on('data', (bytes: Buffer) => { heard += bytes.toString() })
  })
  let heard = ''
  const [first, second] = [freePort(), freePort()]
  await run([...database('patient', patient), ...database('curt', curt), tcpServices({ [first]: 'default/patient:db', [second]: 'default/curt:db' })])
  const asking = await client(first)
  asking.socket.end('question')
  expect(await asking.says('all of it')).toBe(true)
  expect(await asking.when(asking.ended)).toBe(true)
  const late = await client(second)
  expect(await late.when(late.ended)).toBe(true)
  late.socket.end('still here')
  expect(await curt.when(() => curt.sockets[0]?.readableEnded === true)).toBe(true)
  expect(heard).toBe('still here')
})

test('a reset of one side is one for the other', async () => {
  const one = await origin('one')
  const port = freePort()
  const program = await run([...database('db', one), tcpServices({ [port]: 'default/db:db' })])
  const first = await client(port)
  expect(await first.says('one:')).toBe(true)
  one.sockets[0]?.resetAndDestroy()
  expect(await first.when(first.broken)).toBe(true)
  const second = await client(port)
  expect(await second.says('one:')).toBe(true)
  second.socket.resetAndDestroy()
  expect(await one.when(() => one.sockets[1]?.destroyed === true)).toBe(true)
  await program.waitFor('both counted', async () => await failures(program, port, 'upstream_reset') === 1
    && await failures(program, port, 'client_reset') === 1)
})

test('connections are spread over the endpoints, and one that refuses is passed over', async () => {
  const origins = [await origin('a'), await origin('b'), await origin('c')]
  const port = freePort()
  await run([...database('db', ...origins), tcpServices({ [port]: 'default/db:db' })])
  const ask = async () => {
    const talking = await client(port)
    await talking.says(':')
    return talking.text()
  }
  expect(new Set([await ask(), await ask(), await ask()])).toEqual(new Set(['a:', 'b:', 'c:']))
  origins[0]?.refuse()
  for (let i = 0; i < 9; i++) expect(['b:', 'c:']).toContain(await ask())
})

test('proxy-stream-next-upstream off: who gets a dead endpoint is sent away', async () => {
  const dead = freePort()
  const port = freePort()
  const program = await run([...database('db', { port: dead }, { port: freePort() }), tcpServices({ [port]: 'default/db:db' }), configMap({ name: 'settings' }, { 'proxy-stream-next-upstream': 'false' })])
  const talking = await client(port)
  expect(await talking.when(talking.over)).toBe(true)
  await program.when(() => program.stdout.some((line) => line.includes(' TCP 502 0 0 ')))
  expect(await failures(program, port, 'connect_failed')).toBe(1)
})

test('ports open and close live; connections outlive their port, their entry and their endpoint', async () => {
  const [one, two] = [await origin('one'), await origin('two')]
  const [stays, comes] = [freePort(), freePort()]
  const program = await run([...database('db', one), tcpServices({ [stays]: 'default/db:db' })])
  const old = await client(stays)
  expect(await old.says('one:')).toBe(true)
  program.write('manifests.yaml', toYaml([...database('db', two), tcpServices({ [stays]: 'default/db:db', [comes]: 'default/db:db' })]))
  await program.waitFor('the new port', () => accepts(comes))
  const fresh = await client(stays)
  expect(await fresh.says('two:')).toBe(true)
  program.write('manifests.yaml', toYaml([...database('db', two), tcpServices({ [comes]: 'default/db:db' })]))
  await program.waitFor('the old port closed', async () => !await accepts(stays))
  for (const talking of [old, fresh]) {
    talking.socket.write('alive')
    expect(await talking.says(':alive')).toBe(true)
  }
  expect(await (await client(comes)).says('two:')).toBe(true)
})

test('a bad entry is an issue that names its key, and the others are served', async () => {
  const one = await origin('one')
  const taken = await origin('other')
  const good = freePort()
  const program = await run([...database('db', one), tcpServices({
    [good]: 'default/db:5432', [taken.port]: 'default/db:5432', http: 'default/db:5432', 70000: 'default/db:5432', 1001: 'db:5432', 1002: 'default/none:1', 1003: 'default/db:9',
  })])
  expect(await (await client(good)).says('one:')).toBe(true)
  await program.waitFor('all issues', async () => (await issuesIn(program)).length >= 6)
  const issues = await issuesIn(program)
  const of = (field: string | number) => issues.find((issue) => issue.field === String(field) && issue.object === 'ConfigMap default/tcp')?.reason ?? ''
  expect(of('http')).toContain('no port')
  expect(of(70000)).toContain('no port')
  expect(of(1001)).toContain('namespace/name:port')
  expect(of(1002)).toContain('Service default/none does not exist')
  expect(of(1003)).toContain('has no port 9')
  expect(of(taken.port)).toContain(`TCP port ${taken.port} can't be opened: another program listens there`)
  taken.close()
  await program.waitFor('the port once it is free', async () => (await client(taken.port)).says('one:', 100))
  await program.waitFor('its issue gone', async () => !(await issuesIn(program)).some(({ field }) => field === String(taken.port)))
})

test('our own ports are no services', async () => {
  const one = await origin('one')
  const own = freePort()
  const program = await run([...database('db', one), tcpServices({ [own]: 'default/db:db' })], [`--http-port=${own}`])
  expect(await issuesIn(program)).toContainEqual(expect.objectContaining({ object: 'ConfigMap default/tcp', field: String(own) }))
  expect((await fetch(`${program.url}/`)).status).toBe(404)
})

test('without the ConfigMap, or without endpoints: an issue, and connections that end and are counted', async () => {
  const port = freePort()
  const program = await run([])
  expect(await issuesIn(program)).toContainEqual(expect.objectContaining({ object: 'ConfigMap default/tcp', reason: expect.stringContaining('does not exist') }))
  program.write('more.yaml', toYaml([...database('db'), tcpServices({ [port]: 'default/db:db' })]))
  await program.waitFor('the port', () => accepts(port))
  const talking = await client(port)
  expect(await talking.when(talking.over)).toBe(true)
  await program.waitFor('counted', async () => await failures(program, port, 'no_endpoints') >= 1)
})

test('who reads slowly holds back who sends, and gets every octet', async () => {
  const total = 24 << 20
  const one = await origin('one', (socket) => { socket.end(Buffer.alloc(total, 'lintel')) })
  const port = freePort()
  const program = await run([...database('db', one), tcpServices({ [port]: 'default/db:db' })])
  const slow = await client(port)
  slow.socket.pause()
  expect(await one.when(() => one.sockets.length === 1)).toBe(true)
  const before = await metric(program, 'process_resident_memory_bytes')
  let former = -1
  await program.waitFor('the sender waits', () => {
    const sent = one.sockets[0]?.writableLength ?? 0
    const waits = sent > 0 && sent === former
    former = sent
    return waits
  })
  expect((await metric(program, 'process_resident_memory_bytes')) - before).toBeLessThan(total / 2)
  slow.socket.resume()
  expect(await slow.when(() => slow.octets() === total && slow.ended(), 20_000)).toBe(true)
})

test('proxy-stream-timeout: what carries nothing either way ends', async () => {
  const one = await origin('one')
  const port = freePort()
  await run([...database('db', one), tcpServices({ [port]: 'default/db:db' }), configMap({ name: 'settings' }, { 'proxy-stream-timeout': '1s' })])
  const idle = await client(port)
  expect(await idle.when(idle.over)).toBe(true)
  expect(idle.text()).toBe('one:')
  expect(await one.when(() => one.sockets[0]?.destroyed === true || one.sockets[0]?.readableEnded === true)).toBe(true)
})

test('the log has a line of each, in the format of the settings', async () => {
  const one = await origin('one')
  const port = freePort()
  const format = '$protocol $status $bytes_sent $bytes_received $server_port $upstream_addr $proxy_upstream_name $lintel_reason'
  const program = await run([...database('db', one), tcpServices({ [port]: 'default/db:db' }), configMap({ name: 'settings' }, { 'log-format-stream': format })])
  const talking = await client(port)
  talking.socket.end('hello')
  expect(await talking.when(talking.ended)).toBe(true)
  const line = `TCP 200 9 5 ${port} 127.0.0.1:${one.port} tcp-default-db-db -`
  expect(await program.when(() => program.stdout.includes(line))).toBe(true)
  expect(await metric(program, 'lintel_stream_sent_bytes_total', `protocol="tcp",port="${port}"`)).toBe(9)
})

test('the drain: the port closes at once for who comes, connections end with a FIN in their turn', async () => {
  const one = await origin('one')
  const port = freePort()
  const program = await run([...database('db', one), tcpServices({ [port]: 'default/db:db' }), configMap({ name: 'settings' }, { 'worker-shutdown-timeout': '2s' })])
  const all = [await client(port), await client(port), await client(port)]
  for (const talking of all) expect(await talking.says('one:')).toBe(true)
  program.signal('SIGTERM')
  for (const talking of all) {
    expect(await talking.when(talking.ended)).toBe(true)
    talking.socket.end()
  }
  expect(await program.exited).toBe(0)
  expect(all.some((talking) => talking.broken())).toBe(false)
})
