// A thousand creations, edits and deletions of Ingresses while clients keep their connections: the proxy closes none, and its memory stays.
import { expect, test } from 'bun:test'
import { backend, ingress } from '../support/manifests.ts'
import { type Program, toYaml } from '../support/program.ts'
import { residentBytes } from '../features/observe.ts'
import { ask } from '../features/scene.ts'
import { underLoad } from './scene.ts'

const CHANGES = 1_000
const EVERY_MS = 5
/** Until then the heap grows to what it works with, whatever changes. */
const WARM_UP = 600
/** Ingresses that come and go in turn. */
const NAMES = 50
const GROWTH = 1.1
const WITHIN_MS = 90_000

const host = (name: number) => `host-${name}.example`
/** The i-th: each name is created, edited and deleted, then created anew. */
function change(program: Program, i: number) {
  const name = i % NAMES
  const step = Math.floor(i / NAMES) % 3
  const file = `ingress-${name}.yaml`
  if (step === 2) return program.remove(file)
  program.write(file, toYaml([ingress({ metadata: { name: `ingress-${name}` }, rules: [{ host: host(name), paths: [{ path: step === 0 ? '/' : '/edited', backend: backend('app:80') }] }] })]))
}
async function changes(program: Program, from: number, to: number) {
  for (let i = from; i < to; i++) {
    change(program, i)
    await Bun.sleep(EVERY_MS)
  }
}

test('no connection is closed, and memory grows by a tenth at most', async () => {
  let growth = 0
  let versions = 0
  const { lost, failed, requests } = await underLoad({ replicas: 1, rate: 100, http1: 10, http2: 5, calls: 5, sockets: 20 }, async (_, program) => {
    await changes(program, 0, WARM_UP)
    const before = { version: await program.version(), resident: residentBytes(program) }
    await changes(program, WARM_UP, WARM_UP + CHANGES)
    const last = (WARM_UP + CHANGES - 1) % NAMES
    await program.waitFor('the last change holds', async () => (await ask(program.http, { host: host(last), target: '/edited' })).status === 200)
    growth = residentBytes(program) / before.resident
    versions = await program.version() - before.version
  })
  console.log(`${CHANGES} changes, ${versions} tables, ${requests} requests: resident memory × ${growth.toFixed(3)}`)
  expect({ lost, failed }).toEqual({ lost: [], failed: [] })
  expect(versions).toBeGreaterThan(CHANGES / 10)
  expect(growth).toBeLessThanOrEqual(GROWTH)
}, WITHIN_MS)
