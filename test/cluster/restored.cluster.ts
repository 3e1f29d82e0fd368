// etcd is put back to an older state, as from a backup: versions that we know have yet to come. What is served in the end is what is there.
import { expect, test } from 'bun:test'
import { until } from '../support/until.ts'
import { app, ask, cluster, ingress, scene } from './scene.ts'

const here = scene()
/** So many versions that those of the restored cluster do not catch up while the test looks. */
const AHEAD = 300

test('objects that were made since are gone, those deleted since are back, and what is new then comes', async () => {
  const { kube, plane } = await cluster()
  const ns = await here.namespace()
  const web = (name: string, host = `${name}.example`) => ingress(name, ns, { rules: [{ host, to: 'echo' }] })
  await kube.apply(...app('echo', ns), web('web'), web('moving'), web('deleted'))
  const program = await here.lintel('--election-id=restored', '--election-ttl=2s', '--publish-status-address=192.0.2.1')
  const status = async (host: string) => (await ask(program, host)).status
  const become = (what: string, hosts: Readonly<Record<string, number>>) => until(what, async () => {
    for (const [host, expected] of Object.entries(hosts)) if (await status(host) !== expected) return false
    return true
  }, 30_000)
  await become('served', { 'web.example': 200, 'moving.example': 200, 'deleted.example': 200 })

  const backup = plane.keep()
  await kube.apply(web('invented'), web('moving', 'moved.example'))
  await kube.delete(web('deleted'))
  for (let i = 0; i < AHEAD; i++) await kube.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'noise', namespace: ns }, data: { i: String(i) } })
  await become('the future is served', { 'web.example': 200, 'moved.example': 200, 'invented.example': 200, 'moving.example': 404, 'deleted.example': 404 })

  await plane.putBack(backup)
  await become('the past is served', { 'web.example': 200, 'moving.example': 200, 'deleted.example': 200, 'moved.example': 404, 'invented.example': 404 })
  await kube.apply(web('moving', 'again.example'), web('new'))
  await become('what is new is served', { 'again.example': 200, 'new.example': 200, 'moving.example': 404, 'web.example': 200 })
  await until('its status is written', async () => JSON.stringify(await kube.get(web('new'))).includes('192.0.2.1'), 15_000)
  expect(program.stderr.filter((line) => line.includes('died'))).toEqual([])
}, 120_000)
