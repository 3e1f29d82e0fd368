// An API server that is there and still no help: silent, forgetful, slow, busy. Traffic never notices, people are told, and nothing is lost.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type Program } from '../support/program.ts'
import { until } from '../support/until.ts'
import { Between } from './between.ts'
import type { ControlPlane } from './control-plane.ts'
import type { Kube } from './kube.ts'
import { app, ask, cluster, ingress, scene } from './scene.ts'

const here = scene()
let kube: Kube
let plane: ControlPlane
let between: Between
let program: Program
let ns: string
/** With its time for a leader who is slow, as a user has it. */
const flags = ['--publish-status-address=192.0.2.1', '--election-id=hindrance']
const INGRESSES = '/apis/networking.k8s.io/v1/ingresses'

const web = (name: string, host = `${name}.example`) => ingress(name, ns, { rules: [{ host, to: 'echo' }] })
const status = async (host: string, of = program) => (await ask(of, host)).status
const serves = (host: string, withinMs = 15_000) => until(`${host} is served`, async () => await status(host) === 200, withinMs)
const issues = async (of = program) => JSON.stringify(await of.get('/issues'))
const lists = (path: string, sinceMs: number) => between.asked.filter((one) => one.atMs > sinceMs && one.path === path && one.method === 'GET' && one.search.includes('limit=500'))
/** After the last outage too. */
const leads = () => until('it leads', () => program.stderr.findLast((line) => line.includes('leads'))?.includes('leads: writes status'), 40_000)
const hasStatus = (name: string) => async () => JSON.stringify(await kube.get(web(name))).includes('192.0.2.1')

beforeAll(async () => {
  ({ kube, plane } = await cluster())
  ns = await here.namespace()
  between = await Between.start(plane.files)
  await kube.apply(...app('echo', ns), web('web'), web('moving'), web('leaving'))
  program = await here.lintelAs(between.kubeconfig, { flags })
  await serves('web.example')
  await leads()
})
afterAll(() => between.close())

test('silent: told within 45 s, by the server itself and by what stands between, and then what changed is live', async () => {
  const direct = await here.lintel(...flags)
  between.isSilent = true
  await kube.apply(web('unheard'))
  await kube.delete(web('leaving'))
  plane.signal('kube-apiserver', 'SIGSTOP')
  try {
    for (const one of [program, direct]) await until('it is told', async () => /ingresses in all namespaces.*nothing came for 45 s/.test(await issues(one)), 50_000)
    expect(await status('web.example')).toBe(200)
  } finally {
    plane.signal('kube-apiserver', 'SIGCONT')
    between.isSilent = false
    between.cut()
    between.mend()
  }
  await kube.apply(web('after'))
  for (const one of [program, direct]) {
    await until('what came is served', async () => await status('unheard.example', one) === 200 && await status('after.example', one) === 200, 20_000)
    expect(await status('leaving.example', one)).toBe(404)
    await until('nothing is told any more', async () => !(await issues(one)).includes('nothing came'), 20_000)
  }
  await direct.stop()
}, 120_000)

test('forgetful: what we knew last is compacted away; one list of each kind, and nothing is lost', async () => {
  const { metadata: { resourceVersion } } = await kube.request('GET', `${INGRESSES}?limit=1`) as { metadata: { resourceVersion: string } }
  between.cut()
  const cutMs = performance.now()
  await kube.delete(web('after'))
  await kube.apply(web('moving', 'moved.example'), web('fresh'))
  // Its memory of events ends with it; etcd's with the next compaction.
  await plane.restart('kube-apiserver')
  await until('etcd has forgotten', () => kube.request('GET', `${INGRESSES}?limit=1&resourceVersion=${resourceVersion}&resourceVersionMatch=Exact`).then(() => false, (error: unknown) => String(error).includes('410')), 40_000)
  expect(await Promise.all(['web.example', 'moving.example', 'after.example', 'fresh.example'].map((host) => status(host)))).toEqual([200, 200, 200, 404])
  between.mend()
  await serves('fresh.example', 20_000)
  await serves('moved.example')
  expect(await Promise.all(['web.example', 'moving.example', 'after.example'].map((host) => status(host)))).toEqual([200, 404, 404])
  // What failed meanwhile did so at the connection: these are all that came through.
  expect(lists(INGRESSES, cutMs)).toHaveLength(1)
  for (const path of new Set(between.asked.map((one) => one.path))) expect({ path, lists: lists(path, cutMs).length <= 1 }).toEqual({ path, lists: true })
}, 120_000)

test('slow: each answer takes 5 s, and changes arrive, status is written, the lease is kept', async () => {
  await leads()
  const since = performance.now()
  const lines = program.stderr.length
  between.delayMs = 5000
  try {
    await kube.apply(web('slow'))
    await serves('slow.example', 20_000)
    await until('its status is written', hasStatus('slow'), 30_000)
    const renewals = () => between.asked.filter(({ method, path, atMs }) => method === 'PUT' && path.includes('/leases/') && atMs > since + 5000)
    await until('the lease was renewed some times', () => renewals().length >= 4, 60_000)
    expect(program.stderr.slice(lines).filter((line) => /no longer leads|Lease/.test(line))).toEqual([])
    expect(await status('web.example')).toBe(200)
  } finally {
    between.delayMs = 0
  }
}, 120_000)

test('busy: 429 with Retry-After is obeyed and told, and then all goes on', async () => {
  const RETRY_AFTER_S = 3
  between.refusal = { status: 429, retryAfterS: RETRY_AFTER_S }
  // Watches that stand would not notice.
  between.cut()
  between.mend()
  const since = performance.now()
  await kube.apply(web('busy'))
  await until('it is told', async () => /ingresses in all namespaces.*too many requests/.test(await issues()), 20_000)
  await until('it was asked again', () => between.asked.filter(({ path, atMs }) => path === INGRESSES && atMs > since).length >= 3, 20_000)
  const refused = between.asked.filter(({ status: code, atMs }) => code === 429 && atMs > since)
  for (const path of new Set(refused.map((one) => one.path))) {
    const times = refused.filter((one) => one.path === path).map(({ atMs }) => atMs)
    for (const [i, atMs] of times.entries()) if (i > 0) expect(atMs - (times[i - 1] ?? 0)).toBeGreaterThanOrEqual(RETRY_AFTER_S * 1000)
  }
  expect(await status('web.example')).toBe(200)
  between.refusal = null
  await serves('busy.example', 15_000)
  await until('its status is written', hasStatus('busy'), 20_000)
  await until('nothing is told any more', async () => !(await issues()).includes('too many requests'), 20_000)
}, 120_000)

test('--sync-period: all is listed again each time, and nothing is said to have changed', async () => {
  const second = await here.lintelAs(between.kubeconfig, { flags: ['--sync-period=6s', '--disable-leader-election'] })
  const since = performance.now()
  const { version } = await second.get('/table') as { version: number }
  await until('listed twice more', () => lists(INGRESSES, since).length >= 2, 30_000)
  expect((await second.get('/table') as { version: number }).version).toBe(version)
  expect(await status('web.example', second)).toBe(200)
}, 60_000)
