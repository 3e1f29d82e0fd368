// Faults on demand, for tests of the supervision. Mounted only with LINTEL_TEST_HOOKS=1: anyone who reaches the port can use them.
import type { Hono } from 'hono'

/** Adds POST /test/crash/:thread, a worker's number or `watcher`. `crash` is false when there is no such thread. */
export function addTestHooks(app: Hono, crash: (thread: string) => boolean): void {
  app.post('/test/crash/:thread', (c) => (crash(c.req.param('thread')) ? c.text('crashing\n', 202) : c.text('no such thread\n', 404)))
}

/** LINTEL_TEST_HOOKS=unready: all workers listen, and the program does not become ready. */
export const staysUnready = (environment: Readonly<Record<string, string | undefined>>): boolean => environment['LINTEL_TEST_HOOKS'] === 'unready'
