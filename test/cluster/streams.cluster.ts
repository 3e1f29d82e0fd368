// The ConfigMap of TCP services in a cluster: followed though nothing but a flag refers to it, with endpoints that the cluster makes.
import { beforeAll, expect, test } from 'bun:test'
import { freePort, accepts } from '../support/ports.ts'
import { type Program } from '../support/program.ts'
import { until } from '../support/until.ts'
import type { Kube } from './kube.ts'
import { app, cluster, scene } from './scene.ts'

const here = scene()
let kube: Kube
let program: Program
let ns: string

const services = (data: Readonly<Record<string, string>>) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'tcp', namespace: ns }, data })
const status = async (port: number) => (await fetch(`http://127.0.0.1:${port}/`)).status

beforeAll(async () => {
  kube = (await cluster()).kube
  ns = await here.namespace()
  await kube.apply(...app('echo', ns))
  program = await here.lintel(`--tcp-services-configmap=${ns}/tcp`)
})

test('the ConfigMap that comes after the program, changes and goes, is followed', async () => {
  const [first, second] = [freePort(), freePort()]
  await kube.apply(services({ [first]: `${ns}/echo:80` }))
  await until('the first port serves', async () => await status(first) === 200, 15_000)
  await kube.apply(services({ [second]: `${ns}/echo:http` }))
  await until('the second port serves, the first is closed', async () => await status(second) === 200 && !await accepts(first), 15_000)
  await kube.delete(services({}))
  await until('it is closed', async () => !await accepts(second))
  expect(JSON.stringify(await program.get('/issues'))).toContain(`ConfigMap ${ns}/tcp`)
})
