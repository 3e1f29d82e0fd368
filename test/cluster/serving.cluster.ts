// Objects of a real API server are served, and a change of any of them is live without a reload.
import { beforeAll, expect, test } from 'bun:test'
import { type Program } from '../support/program.ts'
import { until } from '../support/until.ts'
import type { Kube } from './kube.ts'
import { app, ask, cluster, ingress, scene } from './scene.ts'

const here = scene()
let kube: Kube
let program: Program
let ns: string

beforeAll(async () => {
  kube = (await cluster()).kube
  ns = await here.namespace()
  program = await here.lintel()
  await kube.apply(...app('echo', ns, { replicas: 3 }), ingress('web', ns, { rules: [{ host: 'web.example', to: 'echo' }] }))
})

test('an Ingress with its Service and Deployment is served by all its pods', async () => {
  await until('served', async () => (await ask(program, 'web.example')).status === 200, 20_000)
  const pods = new Set<string>()
  await until('all three answer', async () => pods.add((await ask(program, 'web.example')).pod).size === 3)
  expect((await ask(program, 'other.example')).status).toBe(404)
})

test('an edit is live, and a deletion too', async () => {
  await kube.apply(ingress('web', ns, { rules: [{ host: 'new.example', to: 'echo' }] }))
  await until('the new host is served', async () => (await ask(program, 'new.example')).status === 200)
  expect((await ask(program, 'web.example')).status).toBe(404)
  await kube.delete(ingress('web', ns, {}))
  await until('nothing is served', async () => (await ask(program, 'new.example')).status === 404)
})
