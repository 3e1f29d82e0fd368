// What the Ingress API promises (the Kubernetes conformance scenarios), against a real API server: hosts, path types, default backend, load
// balancing. Classes are in scope.cluster.ts, certificates in referred.cluster.ts, addresses in status.cluster.ts.
import { beforeAll, describe, expect, test } from 'bun:test'
import { type Program } from '../support/program.ts'
import { until } from '../support/until.ts'
import type { Kube } from './kube.ts'
import { app, ask, cluster, ingress, scene, service } from './scene.ts'

const here = scene()
let kube: Kube
let program: Program
let ns: string

const APPS = ['exact', 'exact-slash', 'prefix', 'deep', 'root', 'wild', 'plain', 'other']
/** The application that answered, or the status. */
const answer = async (host: string, path: string): Promise<string> => {
  const { status, pod } = await ask(program, host, path)
  return status === 200 ? pod.replace(/-[^-]+-[^-]+$/, '') : String(status)
}

beforeAll(async () => {
  kube = (await cluster()).kube
  ns = await here.namespace()
  await kube.apply(...APPS.flatMap((name) => app(name, ns)),
    ingress('paths', ns, { rules: [
      { host: 'paths.example', path: '/exact', pathType: 'Exact', to: 'exact' },
      { host: 'paths.example', path: '/slash/', pathType: 'Exact', to: 'exact-slash' },
      { host: 'paths.example', path: '/prefix', to: 'prefix' },
      { host: 'paths.example', path: '/prefix/deep/', to: 'deep' },
      { host: 'paths.example', path: '/both', to: 'prefix' },
      { host: 'paths.example', path: '/both', pathType: 'Exact', to: 'exact' },
      { host: 'rooted.example', path: '/', to: 'root' },
      { host: 'rooted.example', path: '/aaa', to: 'prefix' },
    ] }),
    ingress('hosts', ns, { rules: [{ host: '*.wild.example', to: 'wild' }, { host: 'one.wild.example', to: 'plain' }] }))
  program = await here.lintel()
  await until('all applications answer', async () => (await Promise.all([
    answer('paths.example', '/exact'), answer('paths.example', '/slash/'), answer('paths.example', '/prefix'), answer('paths.example', '/prefix/deep/'),
    answer('rooted.example', '/'), answer('a.wild.example', '/'), answer('one.wild.example', '/'),
  ])).every((name) => !/^\d/.test(name)), 30_000)
})

describe('paths', () => {
  test.each([
    ['/exact', 'exact'], ['/exact/', '404'], ['/exact/more', '404'], ['/exactly', '404'], ['/Exact', '404'],
    ['/slash/', 'exact-slash'], ['/slash', '404'], ['/slash/more', '404'],
    ['/prefix', 'prefix'], ['/prefix/', 'prefix'], ['/prefix/more', 'prefix'], ['/prefixed', '404'], ['/prefix?query=1', 'prefix'],
    ['/prefix/deep', 'deep'], ['/prefix/deep/', 'deep'], ['/prefix/deep/est', 'deep'], ['/prefix/deeper', 'prefix'],
    ['/both', 'exact'], ['/both/', 'prefix'],
    ['/', '404'],
  ])('%s is answered by %s', async (path, name) => { expect(await answer('paths.example', path)).toBe(name) })

  test.each([['/', 'root'], ['/anything', 'root'], ['/aaa', 'prefix'], ['/aaa/b', 'prefix'], ['/aaab', 'root']])('beside a rule for all, %s is answered by %s', async (path, name) => {
    expect(await answer('rooted.example', path)).toBe(name)
  })
})

describe('hosts', () => {
  test.each([
    ['a.wild.example', 'wild'], ['one.wild.example', 'plain'], ['wild.example', '404'], ['a.b.wild.example', '404'], ['ONE.wild.example', 'plain'], ['one.wild.example:8080', 'plain'],
    ['unknown.example', '404'],
  ])('%s is answered by %s', async (host, name) => { expect(await answer(host, '/')).toBe(name) })
})

test('the default backend answers what no rule matches', async () => {
  const fallback = ingress('default', ns, { defaultBackend: service('other') })
  await kube.apply(fallback)
  await until('it answers', async () => await answer('unknown.example', '/some/path') === 'other', 20_000)
  expect(await answer('paths.example', '/exact')).toBe('exact')
  await kube.delete(fallback)
  await until('it is gone', async () => await answer('unknown.example', '/') === '404')
})

test('requests are spread over all pods of a Service, and follow its scale', async () => {
  await kube.apply(...app('other', ns, { replicas: 4 }), ingress('spread', ns, { rules: [{ host: 'spread.example', to: 'other' }] }))
  await until('four answer', async () => {
    const pods = await Promise.all(Array.from({ length: 8 }, async () => (await ask(program, 'spread.example')).pod))
    return new Set(pods.filter((pod) => pod !== '')).size === 4
  }, 20_000)
  const counts = new Map<string, number>()
  for (let i = 0; i < 40; i++) {
    const { pod } = await ask(program, 'spread.example')
    counts.set(pod, (counts.get(pod) ?? 0) + 1)
  }
  expect([...counts.values()]).toEqual([10, 10, 10, 10])
})
