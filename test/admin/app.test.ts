// The admin port, in process.
import { describe, expect, test } from 'bun:test'
import { adminApp, type AdminSource } from '../../src/admin/app.ts'
import { addTestHooks } from '../../src/admin/test-hooks.ts'

const source: AdminSource = {
  running: () => true,
  missing: () => [],
  ask: async (what) => JSON.stringify({ what }),
  metrics: async () => 'lintel_issues 0\n',
}
const appOf = (changes: Partial<AdminSource> = {}, healthCheckPath = '/healthz') => adminApp({ ...source, ...changes }, { healthCheckPath })

async function get(path: string, app = appOf()) {
  const response = await app.request(path)
  return { status: response.status, type: response.headers.get('content-type'), body: await response.text() }
}

describe('health', () => {
  const paths = ['/healthz', '/healthz/ping', '/healthz/nginx-ingress-controller', '/alive']
  test.each(paths)('%s while running, and once shutdown began', async (path) => {
    expect((await get(path, appOf({}, '/alive'))).status).toBe(200)
    expect((await get(path, appOf({ running: () => false }, '/alive'))).status).toBe(500)
  })

  test('a path that is no health check is not found', async () => {
    expect((await get('/alive')).status).toBe(404)
  })
})

describe('readiness', () => {
  test('says what is missing, and shutdown before anything else', async () => {
    const missing = () => ['worker 1 is late', 'worker 2 is late']
    expect(await get('/readyz')).toMatchObject({ status: 200, body: 'ready\n' })
    expect(await get('/readyz', appOf({ missing }))).toMatchObject({ status: 503, body: 'worker 1 is late\nworker 2 is late\n' })
    expect(await get('/readyz', appOf({ running: () => false }))).toMatchObject({ status: 503, body: 'shutting down\n' })
  })
})

describe('state', () => {
  test.each(['table', 'issues'])('/%s is the watcher\'s JSON', async (what) => {
    expect(await get(`/${what}`)).toEqual({ status: 200, type: 'application/json', body: JSON.stringify({ what }) })
  })

  test('a watcher that does not answer is 503 with the reason', async () => {
    const ask = () => Promise.reject(new Error('the watcher did not answer within 5000 ms'))
    expect(await get('/table', appOf({ ask }))).toMatchObject({ status: 503, body: 'the watcher did not answer within 5000 ms\n' })
  })

  test('/metrics has the type that Prometheus asks for', async () => {
    expect(await get('/metrics')).toEqual({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: 'lintel_issues 0\n' })
  })

  test('the start page links to pages that exist', async () => {
    const { body } = await get('/')
    const links = [...body.matchAll(/href="([^"]+)"/g)].map(([, path = '']) => path)
    expect(links).toContain('/readyz')
    for (const path of links) expect((await get(path)).status).toBe(200)
  })
})

describe('test hooks', () => {
  test('are not there by themselves', async () => {
    expect((await appOf().request('/test/crash/1', { method: 'POST' })).status).toBe(404)
  })

  test('crash the thread that is named', async () => {
    const app = appOf()
    const crashed: string[] = []
    addTestHooks(app, (thread) => thread === '1' && crashed.push(thread) > 0)
    expect((await app.request('/test/crash/1', { method: 'POST' })).status).toBe(202)
    expect((await app.request('/test/crash/9', { method: 'POST' })).status).toBe(404)
    expect(crashed).toEqual(['1'])
  })
})
