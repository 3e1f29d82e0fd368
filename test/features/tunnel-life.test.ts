// What tunnels live through and what they die of: every change of the table, a slow reader on either side, silence. For each way to get one.
import { beforeAll, describe, expect, test } from 'bun:test'
import { certificate } from '../support/certificate.ts'
import type { Echo } from '../support/echo.ts'
import { configMap, tlsSecret } from '../support/manifests.ts'
import { start, toYaml, type Program } from '../support/program.ts'
import { residentBytes, stalled } from './observe.ts'
import { app, applied, CONFIGURED, metric, resources, route } from './scene.ts'
import { HOST, openTunnel, pour, type Tunnel, tunnelOrigin, WAYS } from './tunnels.ts'

const MIB = 1 << 20
const FLOOD_BYTES = 64 * MIB
/** What kernel buffers of two connections and the program may hold of what nobody reads. */
const HELD_BYTES = 24 * MIB
const GROWTH_BYTES = 48 * MIB
const READ_TIMEOUT_MS = 2_000
/** Often enough to count as traffic on a busy machine too, and for longer than the timeout. */
const BEAT_MS = 250
const BEATS = 12
const SETTLED_MS = 20_000

const keep = resources()
/** What the origin of `/flood` could write, and what that of `/late` has read, which begins when the gate opens. */
const origins = { written: 0, read: 0, gate: Promise.withResolvers<void>() }

const origin = (): Promise<Echo> => tunnelOrigin({
  '/flood': (socket) => {
    socket.on('data', () => undefined)
    pour(socket, FLOOD_BYTES, { wrote: (total) => { origins.written = total }, end: () => { socket.end() } })
  },
  '/late': (socket) => {
    socket.pause()
    socket.on('data', (bytes: Buffer) => { origins.read += bytes.length }).on('end', () => { socket.end() })
    void origins.gate.promise.then(() => socket.resume())
  },
  '/beats': (socket) => {
    let beats = 0
    const timer = setInterval(() => { socket.write('.'); if (++beats === BEATS) clearInterval(timer) }, BEAT_MS)
    socket.on('data', () => undefined).on('close', () => { clearInterval(timer) }).on('end', () => { socket.end() })
  },
  '/silent': (socket) => { socket.on('data', () => undefined).on('end', () => { socket.end() }) },
})
const run = async (echo: Echo, settings: Readonly<Record<string, string>> = {}): Promise<Program> => keep(start({
  flags: [CONFIGURED, '--default-ssl-certificate=default/pair'],
  manifests: [...app('app', echo), route({ to: 'app' }), configMap({ name: 'settings' }, settings), await newPair()],
}))
const newPair = async () => tlsSecret({ name: 'pair' }, await certificate({ names: [HOST] }))

/** Sends through it, and gets the same back. */
async function echoes(tunnel: Tunnel, word: string): Promise<boolean> {
  const before = tunnel.octets()
  tunnel.send(word)
  return tunnel.when(() => tunnel.octets() === before + word.length && tunnel.text().endsWith(word))
}

test('changes of the table do not touch tunnels that stand', async () => {
  const [echo, other] = [await keep(origin()), await keep(origin())]
  const program = await run(echo)
  const tunnels = await Promise.all(WAYS.map((way) => openTunnel(program, way)))
  const [first, renewed] = [await newPair(), await newPair()]
  const settings = configMap({ name: 'settings' }, { 'keep-alive': '0', 'upstream-keepalive-connections': '0', 'use-http2': 'false', 'ssl-protocols': 'TLSv1.3' })
  const changes: readonly (readonly [what: string, objects: readonly object[]])[] = [
    ['the endpoint is another one', [...app('app', other), route({ to: 'app' }), first]],
    ['no endpoint is left', [...app('app'), route({ to: 'app' }), first]],
    ['the path is gone', [...app('app', echo), route({ to: 'app', path: '/elsewhere' }), first]],
    ['the host is gone', [...app('app', echo), route({ to: 'app', host: 'other.example' }), first]],
    ['the host is back', [...app('app', echo), route({ to: 'app' }), first]],
    ['other annotations', [...app('app', echo), route({ to: 'app', annotations: { 'nginx.ingress.kubernetes.io/proxy-read-timeout': '1' } }), first]],
    ['another certificate', [...app('app', echo), route({ to: 'app' }), renewed]],
    ['another ConfigMap', [...app('app', echo), route({ to: 'app' }), renewed, settings]],
    ['nothing is left', []],
  ]
  for (const [what, objects] of changes) {
    await applied(program, () => { program.write('manifests.yaml', toYaml(objects)) })
    expect([what, ...await Promise.all(tunnels.map((tunnel) => echoes(tunnel, what)))]).toEqual([what, ...WAYS.map(() => true)])
  }
  tunnels.forEach((tunnel) => { tunnel.destroy() })
}, 2 * SETTLED_MS)

describe('silence', () => {
  let program: Program
  beforeAll(async () => { program = await run(await keep(origin()), { 'proxy-read-timeout': `${READ_TIMEOUT_MS}ms` }) })

  test('traffic in one direction keeps a tunnel, none in both ends it', async () => {
    const ended = () => metric(program, 'lintel_upstream_errors_total', 'reason="timeout_tunnel"')
    const before = await ended()
    const listening = await Promise.all(WAYS.map((way) => openTunnel(program, way, '/beats')))
    const speaking = await Promise.all(WAYS.map((way) => openTunnel(program, way, '/silent')))
    const speak = setInterval(() => { for (const tunnel of speaking) tunnel.send('.') }, BEAT_MS)
    const whole = await Promise.all(listening.map((tunnel) => tunnel.when(() => tunnel.octets() === BEATS, SETTLED_MS)))
    clearInterval(speak)
    const over = [...listening, ...speaking].map((tunnel) => tunnel.ended() || tunnel.cut())
    expect([whole, over, await ended()]).toEqual([WAYS.map(() => true), [...WAYS, ...WAYS].map(() => false), before])
    const all = [...listening, ...speaking]
    expect(await Promise.all(all.map((tunnel) => tunnel.when(() => tunnel.ended() || tunnel.cut(), SETTLED_MS)))).toEqual(all.map(() => true))
    await program.waitFor('all are counted', async () => await ended() === before + all.length)
  }, 2 * SETTLED_MS)
})

describe.each(WAYS)('%s: a slow reader', (way) => {
  let program: Program
  let echo: Echo
  let restBytes: number
  beforeAll(async () => {
    echo = await keep(origin())
    program = await run(echo)
    restBytes = residentBytes(program)
  })
  const grownBytes = () => residentBytes(program) - restBytes

  test('the client: the origin waits, then all arrives', async () => {
    const tunnel = await openTunnel(program, way, '/flood')
    tunnel.hold()
    expect(await stalled(() => origins.written)).toBeLessThan(HELD_BYTES)
    expect(grownBytes()).toBeLessThan(GROWTH_BYTES)
    tunnel.go()
    expect(await tunnel.when(() => tunnel.ended(), SETTLED_MS)).toBe(true)
    expect(tunnel.octets()).toBe(FLOOD_BYTES)
    expect(grownBytes()).toBeLessThan(GROWTH_BYTES)
    tunnel.destroy()
  }, 2 * SETTLED_MS)

  test('the origin: the client waits, then all arrives', async () => {
    origins.read = 0
    origins.gate = Promise.withResolvers()
    const tunnel = await openTunnel(program, way, '/late')
    tunnel.pour(FLOOD_BYTES)
    expect(await stalled(() => tunnel.poured())).toBeLessThan(HELD_BYTES)
    expect(grownBytes()).toBeLessThan(GROWTH_BYTES)
    origins.gate.resolve()
    await program.waitFor('all has come', () => origins.read === FLOOD_BYTES, SETTLED_MS)
    expect([tunnel.ended(), tunnel.cut()]).toEqual([false, false])
    expect(grownBytes()).toBeLessThan(GROWTH_BYTES)
    tunnel.destroy()
  }, 2 * SETTLED_MS)
})
