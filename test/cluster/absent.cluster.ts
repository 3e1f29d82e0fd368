// What flags name and the cluster does not have: one line for each that names it and says what comes of it; the program serves what there is, and what
// comes later is used without a restart.
import { expect, test } from 'bun:test'
import { issues } from '../features/scene.ts'
import { until } from '../support/until.ts'
import { app, ask, cluster, ingress, scene } from './scene.ts'

const here = scene()
const SAID_MS = 15_000

test('a namespace, ConfigMap, Secret, Service and class that do not exist', async () => {
  const program = await here.lintel(
    '--watch-namespace=nowhere', '--configmap=nowhere/settings', '--default-ssl-certificate=nowhere/wildcard', '--default-backend-service=nowhere/fallback',
    '--publish-service=nowhere/lb', '--controller-class=absent.example/controller', '--election-id=absent', '--election-ttl=2s',
  )
  const named = ['Namespace nowhere --watch-namespace', 'ConfigMap nowhere/settings', 'Secret nowhere/wildcard', 'Service nowhere/fallback', 'Service nowhere/lb --publish-service', 'IngressClass spec.controller']
  for (const object of named) {
    await program.waitFor(object, () => program.stderr.some((line) => line.startsWith(`lintel: issue ${object}: `)), SAID_MS)
    expect(program.stderr.filter((line) => line.includes(object))).toEqual([expect.stringMatching(/until/)])
  }
  expect((await ask(program, 'any.example')).status).toBe(404)
})

test('a namespace, its ConfigMap and a class that come later', async () => {
  const { kube } = await cluster()
  const program = await here.lintel('--watch-namespace=later', '--configmap=later/settings', '--controller-class=later.example/controller', '--disable-leader-election')
  await until('they are told', async () => (await issues(program)).length === 3, SAID_MS)
  await kube.apply(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'later' } },
    { apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata: { name: 'later' }, spec: { controller: 'later.example/controller' } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: 'later' }, data: {} },
    ...app('echo', 'later'), ingress('web', 'later', { ingressClassName: 'later', rules: [{ host: 'later.example', to: 'echo' }] }),
  )
  await until('served', async () => (await ask(program, 'later.example')).status === 200, SAID_MS)
  expect(await issues(program)).toEqual([])
})

test('a selector that no namespace matches', async () => {
  const program = await here.lintel('--watch-namespace-selector=absent=yes', '--disable-leader-election')
  await program.waitFor('told', () => program.stderr.some((line) => line.startsWith('lintel: issue Namespaces absent=yes --watch-namespace-selector: ')), SAID_MS)
  await here.namespace({ absent: 'yes' })
  await until('it is there', async () => (await issues(program)).every(({ field }) => field !== '--watch-namespace-selector'), SAID_MS)
})
