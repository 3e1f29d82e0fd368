// Certificates by the thousand. Bounds are several times the promise, since tests share their machine: `bun test/tls/certificates.ts` has the figures.
import { expect, test } from 'bun:test'
import { BROKEN, COUNT, loaded, PROMISES } from './certificates.ts'

const SHARED_MACHINE = 5

test.each(['p256', 'rsa'] as const)(`${COUNT} Secrets (%s) of which ${BROKEN} are broken: that many issues, all others served, in bounded time and memory`, async (kind) => {
  const { build: { table, issues }, cpuMs, megabytes } = await loaded(kind, 1)
  expect(issues.filter(({ object, reason }) => object.startsWith('Secret ') && reason.includes('tls.crt is not a certificate'))).toHaveLength(BROKEN)
  expect(table.certificates.size).toBe(COUNT - BROKEN + 1) // and the default one
  const own = [...table.hosts.values()].filter(({ certificate }) => certificate !== '' && certificate !== null)
  expect(own).toHaveLength(COUNT - BROKEN)
  expect(table.hosts.size).toBe(COUNT)
  expect(cpuMs).toBeLessThan(PROMISES.ms * SHARED_MACHINE)
  expect(megabytes).toBeLessThan(PROMISES.megabytes)
}, 60_000)
