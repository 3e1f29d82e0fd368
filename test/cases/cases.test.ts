// The case files against the real program: one test for each case, so that a failure names it.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { loadCases, select } from './cases.ts'
import { http1Suite, type Http1Suite } from './http1/suite.ts'
import { runIngressCase } from './ingress/suite.ts'

/** What the program claims to do; other features are run by hand until they are there. */
const FEATURES = [
  'path-types',
  'hosts',
  'default-backend',
  'tls',
  'ssl-redirect',
  'hsts',
  'app-root',
  'permanent-redirect',
  'temporal-redirect',
  'rewrite-target',
  'use-regex',
  'ingress-class',
  'service',
  'canary',
  'canary-affinity',
  'load-balance',
  'upstream-hash-by',
  'compression',
  'validation',
  'auth-tls',
  'proxy-ssl',
]
/** A cold start of the program twice over, on a machine that runs other tests too. */
const CASE_MS = 30_000

const http1 = await loadCases(join(import.meta.dir, 'http1.yaml'))
const ingress = select(await loadCases(join(import.meta.dir, 'ingress-nginx.yaml')), { only: [], features: FEATURES })

describe('http1', () => {
  let suite: Promise<Http1Suite>
  beforeAll(() => (suite = http1Suite()), CASE_MS)
  afterAll(async () => (await suite).close())
  const cases = http1.format === 'http1' ? http1.cases : []
  test.each(cases.map((given) => [given.name, given] as const))(
    '%s',
    async (_, given) => {
      expect((await (await suite).run(given)).details).toEqual([])
    },
    CASE_MS,
  )
})

describe('ingress', () => {
  const cases = ingress.format === 'ingress' ? ingress.cases : []
  test.each(cases.map((given) => [given.id, given] as const))(
    '%s',
    async (_, given) => {
      expect(await runIngressCase(given)).toEqual({ id: given.id, outcome: 'passed', details: [] })
    },
    CASE_MS,
  )
})
