// The admin port as a Hono app: health, readiness, state and metrics. Asks for what it shows, holds nothing; shows no keys.
import { Hono } from 'hono'
import { CONTENT_TYPE } from '../telemetry/prometheus.ts'
import { indexPage } from './index-page.ts'

/** What the port shows. Promises that reject answer 503 with the reason. */
export type AdminSource = {
  /** False once shutdown began. */
  running(): boolean
  /** What is still missing, one reason each; none: ready. */
  missing(): readonly string[]
  /** JSON of the present table or issues. */
  ask(what: 'table' | 'issues'): Promise<string>
  metrics(): Promise<string>
}

/** healthCheckPath: `--health-check-path`, served beside /healthz. */
export function adminApp(source: AdminSource, options: { readonly healthCheckPath: string }): Hono {
  const app = new Hono()
  const health = () => (source.running() ? plain(200, 'ok') : plain(500, 'shutting down'))
  // ingress-nginx has checks below /healthz that probes may name (ingress-nginx.md §4.12).
  for (const path of ['/healthz', '/healthz/*', options.healthCheckPath]) app.get(path, health)
  app.get('/readyz', () => readiness(source))
  app.get('/table', async (c) => c.body(await source.ask('table'), 200, JSON_TYPE))
  app.get('/issues', async (c) => c.body(await source.ask('issues'), 200, JSON_TYPE))
  app.get('/metrics', async (c) => c.body(await source.metrics(), 200, { 'content-type': CONTENT_TYPE }))
  app.get('/', (c) => c.html(indexPage))
  app.notFound(() => plain(404, 'not found: see / for what there is'))
  app.onError((error) => plain(503, error.message))
  return app
}

const JSON_TYPE = { 'content-type': 'application/json' }

function readiness(source: AdminSource): Response {
  if (!source.running()) return plain(503, 'shutting down')
  const missing = source.missing()
  return missing.length === 0 ? plain(200, 'ready') : plain(503, missing.join('\n'))
}

function plain(status: number, text: string): Response {
  return new Response(`${text}\n`, { status, headers: { 'content-type': 'text/plain; charset=utf-8' } })
}
