// What the API server does to us: it is down at the start, dies, hangs, forgets; traffic never notices, and nothing that changed is lost.
import { beforeAll, expect, test } from 'bun:test'
import { type Program } from '../support/program.ts'
import { until } from '../support/until.ts'
import type { ControlPlane } from './control-plane.ts'
import type { Kube } from './kube.ts'
import { app, ask, cluster, ingress, scene } from './scene.ts'

const here = scene()
let kube: Kube
let plane: ControlPlane
let program: Program
let ns: string

const web = (name: string) => ingress(name, ns, { rules: [{ host: `${name}.example`, to: 'echo' }] })
const serves = (host: string, withinMs?: number) => until(`${host} is served`, async () => (await ask(program, host)).status === 200, withinMs)

/** Asks until told to stop; the statuses that came, and the errors. */
function asking(host: string) {
  let going = true
  const seen = new Map<string, number>()
  const loop = async () => {
    while (going) {
      const outcome = await ask(program, host).then(({ status }) => String(status), String)
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
    }
    return seen
  }
  const ended = loop()
  return { stop: () => { going = false; return ended } }
}

beforeAll(async () => {
  ({ kube, plane } = await cluster())
  ns = await here.namespace()
  await kube.apply(...app('echo', ns), web('web'))
  program = await here.lintel()
  await serves('web.example', 15_000)
})

test('the API server dies and comes back: served all the while, and what changed is live', async () => {
  const load = asking('web.example')
  await plane.kill('kube-apiserver')
  await until('it is said', () => program.stderr.some((line) => /^lintel: issue API server ingresses .* can't be read/.test(line)), 15_000)
  await plane.restart('kube-apiserver')
  await kube.apply(web('after'))
  await serves('after.example', 15_000)
  const seen = await load.stop()
  expect([...seen.keys()]).toEqual(['200'])
  expect(await until('no issue is left', async () => !JSON.stringify(await program.get('/issues')).includes("can't be read"), 15_000)).toBe(true)
})

test('the watcher is restarted: served all the while, from a new list', async () => {
  const load = asking('web.example')
  expect((await fetch(`http://127.0.0.1:${program.admin}/test/crash/watcher`, { method: 'POST' })).status).toBe(202)
  await until('it died', () => program.stderr.some((line) => line.includes('watcher died')))
  await kube.apply(web('restarted'))
  await serves('restarted.example')
  expect([...(await load.stop()).keys()]).toEqual(['200'])
})

test('an API server that is down at the start: not ready, says so, and starts when it comes', async () => {
  await plane.kill('kube-apiserver')
  const starting = here.lintel('--healthz-port=10999')
  const readiness = async () => (await fetch('http://127.0.0.1:10999/readyz')).text()
  const said = async () => (await fetch('http://127.0.0.1:10999/issues')).text()
  await until('it says why', async () => (await said()).includes("can't be read"), 15_000)
  expect(await readiness()).toBe('the first full list of objects is not read yet\n')
  await plane.restart('kube-apiserver')
  expect((await starting).ready['routes']).not.toBe('0')
})
