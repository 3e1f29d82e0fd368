// A program that is not ready yet, on ports that others serve who do not say who gets new connections (an older version, another program): what comes to it
// goes to them, and nothing is lost when it is killed. Where they do say, see upgrade-process.test.ts.
import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listeners } from '../../src/http/reuseport.ts'
import { Crowd } from '../http/crowd-of-listeners.ts'
import { until } from '../support/until.ts'
import { START_MS, Successor } from '../upgrade/successor.ts'
import { resources } from './scene.ts'

const keep = resources()
const WORKERS = 2
const OTHERS = 2
/** Enough for each listener of the port to get some. */
const CONNECTIONS = 60

test('connections that come to it while it is not ready are served by the others', async () => {
  const crowd = await keep(new Crowd())
  await crowd.join(OTHERS)
  const folder = mkdtempSync(join(tmpdir(), 'lintel-unready-'))
  const flags = [`--manifests=${folder}`, `--http-port=${crowd.port}`, '--https-port=0', '--healthz-port=0', '--bind-address=127.0.0.1', `--workers=${WORKERS}`]
  const program = new Successor(flags, { LINTEL_TEST_HOOKS: 'unready' })
  await until('all of it listen', () => listeners(crowd.fd(0)) === OTHERS + WORKERS, START_MS)
  const waiting = crowd.takers(CONNECTIONS)
  // By then each of them has sent its SYN: half of them to a listener that turned it away.
  await crowd.takers(1)
  await program.kill()
  expect(await waiting).toEqual([0, 1])
  expect(program.isReady).toBe(false)
  rmSync(folder, { recursive: true })
})
