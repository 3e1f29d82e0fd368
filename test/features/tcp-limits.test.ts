// Bounds and succession of TCP services: as many sessions as there are descriptors for, and two programs on one port.
import { expect, test } from 'bun:test'
import { configMap, service } from '../support/manifests.ts'
import { freePort } from '../support/ports.ts'
import { start } from '../support/program.ts'
import { CONFIGURED, metric, resources } from './scene.ts'
import { type Talk, talk, TCP_FLAG, tcpOrigin, tcpServices } from './streams.ts'

const keep = resources()
const objects = (port: number, originPort: number): object[] =>
  [...service({ metadata: { name: 'db' }, ports: [{ name: 'db', port: 5432 }], endpoints: [originPort] }), tcpServices({ [port]: 'default/db:db' })]

/** A quarter of the descriptors, two for each session (src/proxy/edge.ts). */
const DESCRIPTORS = 240
const SESSIONS = 30

test('as many sessions as there may be work; one more is closed and counted; after one has ended the next works', async () => {
  const origin = await keep(await tcpOrigin('one'))
  const port = freePort()
  const program = await keep(start({
    flags: [TCP_FLAG], manifests: objects(port, origin.port), command: ['sh', '-c', `ulimit -n ${DESCRIPTORS}; exec "$0" src/main.ts "$@"`, process.execPath],
  }))
  const all: Talk[] = []
  for (let i = 0; i < SESSIONS; i++) all.push(await keep(await talk(port)))
  for (const talking of all) expect(await talking.says('one:')).toBe(true)
  const over = await keep(await talk(port))
  expect(await over.when(over.over)).toBe(true)
  expect(over.octets()).toBe(0)
  expect(await metric(program, 'lintel_stream_failures_total', `port="${port}",reason="limit_sessions"`)).toBe(1)
  all[0]?.socket.end()
  await program.waitFor('one has ended', async () => await metric(program, 'lintel_stream_sessions_open', `port="${port}"`) === SESSIONS - 1)
  expect(await (await keep(await talk(port))).says('one:')).toBe(true)
  expect((await fetch(program.url)).status).toBe(404)
})

test('two programs on one port: who comes goes to the successor, who is there stays, and none is lost when the old one ends', async () => {
  const [before, after] = [await keep(await tcpOrigin('before')), await keep(await tcpOrigin('after'))]
  const port = freePort()
  const settings = configMap({ name: 'settings' }, { 'worker-shutdown-timeout': '5s' })
  const [http, https] = [freePort(), freePort()]
  const flags = [TCP_FLAG, CONFIGURED, `--http-port=${http}`, `--https-port=${https}`]
  const old = await keep(start({ flags, manifests: [...objects(port, before.port), settings] }))
  const stays = await keep(await talk(port))
  expect(await stays.says('before:')).toBe(true)
  await keep(start({ flags, manifests: [...objects(port, after.port), settings] }))
  const greeted = async () => {
    const talking = await talk(port)
    await talking.when(() => talking.text().includes(':') || talking.over())
    talking.destroy()
    return talking.text()
  }
  for (let i = 0; i < 20; i++) expect(await greeted()).toBe('after:')
  stays.socket.write('still')
  expect(await stays.says('before:still')).toBe(true)
  old.signal('SIGTERM')
  let isGone = false
  const gone = old.exited.then(() => { isGone = true })
  while (!isGone) expect(await greeted()).toBe('after:')
  await gone
  expect(await stays.when(stays.ended)).toBe(true)
})

test('with several workers: a port of each, and a worker that dies takes nothing but its own connections along', async () => {
  const origin = await keep(await tcpOrigin('one'))
  const port = freePort()
  const program = await keep(start({ flags: [TCP_FLAG, '--workers=2'], manifests: objects(port, origin.port), env: { LINTEL_TEST_HOOKS: '1' } }))
  const all = await Promise.all(Array.from({ length: 16 }, async () => keep(await talk(port))))
  for (const talking of all) expect(await talking.says('one:')).toBe(true)
  await fetch(`http://127.0.0.1:${program.admin}/test/crash/1`, { method: 'POST' })
  await program.waitFor('some are gone', () => all.some((talking) => talking.over()))
  for (const talking of all) if (!talking.over()) talking.socket.write('still')
  for (const talking of all) expect(await talking.when(() => talking.over() || talking.text() === 'one:still')).toBe(true)
  expect(all.some((talking) => talking.text() === 'one:still')).toBe(true)
  expect(await (await keep(await talk(port))).says('one:')).toBe(true)
})
