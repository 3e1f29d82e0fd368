// A program that is not ready yet, on ports that others serve who do not say who gets new connections (an older version, another program): what comes to it
// goes to them, and nothing is lost when it is killed. Where they do say, see upgrade-process.test.ts.
import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listeners } from '../../src/http/reuseport.ts'
import { Crowd } from '../http/crowd-of-listeners.ts'
import { freePort } from '../support/ports.ts'
import { until } from '../support/until.ts'
import { START_MS, Successor } from '../upgrade/successor.ts'
import { resources } from './scene.ts'

const keep = resources()
const WORKERS = 2
const OTHERS = 2
/** Enough for each listener of the port to get some. */
const CONNECTIONS = 60

test('alone on its ports it turns nobody away: there is nobody else to go to', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lintel-unready-'))
  const [port, https] = [freePort(), freePort()]
  const program = new Successor([`--manifests=${folder}`, `--http-port=${port}`, `--https-port=${https}`, '--healthz-port=0', '--bind-address=127.0.0.1'], { LINTEL_TEST_HOOKS: 'unready' })
  const connects = () => new Promise<boolean>((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => { socket.destroy(); resolve(true) }).on('error', () => { resolve(false) })
  })
  await until('it takes a connection', connects, START_MS)
  await program.kill()
  rmSync(folder, { recursive: true })
})

test('connections that come to it while it is not ready are served by the others', async () => {
  const crowd = await keep(new Crowd())
  await crowd.join(OTHERS)
  const folder = mkdtempSync(join(tmpdir(), 'lintel-unready-'))
  const flags = [`--manifests=${folder}`, `--http-port=${crowd.port}`, '--https-port=0', '--healthz-port=0', '--bind-address=127.0.0.1', `--workers=${WORKERS}`]
  const program = new Successor(flags, { LINTEL_TEST_HOOKS: 'unready' })
  await until('all of it listen', () => listeners(crowd.fd(0)) === OTHERS + WORKERS, START_MS)
  const takers = Array.from({ length: CONNECTIONS }, () => crowd.takers(1))
  // Once one is served all have sent their SYN: half of them to a listener that turns it away as long as it is there.
  await Promise.race(takers)
  await program.kill()
  expect(new Set((await Promise.all(takers)).flat())).toEqual(new Set([0, 1]))
  expect(program.isReady).toBe(false)
  rmSync(folder, { recursive: true })
})
