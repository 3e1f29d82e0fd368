// The node's clock is set, hours ahead and hours back, while the program serves: nothing that it waits for comes sooner or later, and what it says of the time
// follows. By libfaketime, which changes the time of day of one process and leaves the monotonic clock alone, as settimeofday does.
import { beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { echoUpstream } from '../support/echo.ts'
import { type ResponseMessage, values } from '../support/http1.ts'
import { type Program, start } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { app, ask, CONFIGURED, requestText, resources, route } from './scene.ts'
import { configMap } from '../support/manifests.ts'

const [architecture] = Bun.spawnSync(['uname', '-m']).stdout.toString().split('\n')
const LIBRARY = `/usr/lib/${architecture}-linux-gnu/faketime/libfaketimeMT.so.1`
const HOUR_MS = 3_600_000
const folder = mkdtempSync(join(tmpdir(), 'lintel-clock-'))
const offset = join(folder, 'offset')
/** Seconds. */
const jump = (hours: number) => writeFileSync(offset, `${hours < 0 ? '' : '+'}${hours * 3600}`)
const keep = resources()

const noFaketime = !existsSync(LIBRARY)
if (noFaketime && process.env['CI'] !== undefined) throw new Error(`${LIBRARY} is missing: install faketime`)

describe.skipIf(noFaketime)('a clock that jumps', () => {
  let program: Program
  let answer: PromiseWithResolvers<void>

  beforeAll(async () => {
    jump(0)
    const slow = await keep(echoUpstream({ name: 'slow', respond: async () => { await answer.promise; return {} } }))
    const echo = await keep(echoUpstream({ name: 'echo' }))
    const annotated = (annotations: Readonly<Record<string, string>>) => Object.fromEntries(Object.entries(annotations).map(([name, text]) => [`nginx.ingress.kubernetes.io/${name}`, text]))
    program = await keep(start({
      env: { LD_PRELOAD: LIBRARY, FAKETIME_DONT_FAKE_MONOTONIC: '1', FAKETIME_NO_CACHE: '1', FAKETIME_TIMESTAMP_FILE: offset },
      manifests: [
        ...app('slow', slow), ...app('echo', echo), configMap({ name: 'settings' }, { 'proxy-read-timeout': '30', 'keep-alive': '60', 'worker-shutdown-timeout': '2s' }),
        route({ name: 'slow', to: 'slow', host: 'slow.example' }),
        route({ name: 'echo', to: 'echo', host: 'echo.example', annotations: annotated({ affinity: 'cookie', 'session-cookie-expires': '3600' }) }),
      ],
      flags: [CONFIGURED],
    }))
  })

  /** Of an answer, how far from this machine's clock: the program's is in whole seconds. */
  const hoursAhead = (date: string) => Math.round((Date.parse(date) - Date.now()) / HOUR_MS)

  test.each([3, -3, 0])('%d h: requests in flight, idle connections and sessions live on; answers and the log have the new time', async (hours) => {
    answer = Promise.withResolvers()
    const [waiting, idle] = [await rawClient(program.http), await rawClient(program.http)]
    waiting.send(requestText({ host: 'slow.example' }))
    idle.send(requestText({ host: 'echo.example' }))
    const first = await idle.response()
    const lines = program.stdout.length
    jump(hours)
    await until('the program has the time', async () => hoursAhead(field(await ask(program.http, { host: 'echo.example' }), 'date')) === hours)
    // Timers of a second and more have had a chance to go off.
    await until('the log has it too', async () => {
      await ask(program.http, { host: 'echo.example' })
      return program.stdout.slice(lines).some((line) => hoursAhead(loggedAt(line)) === hours)
    })
    const cookie = field(first, 'set-cookie').split(';')[0] ?? ''
    idle.send(requestText({ host: 'echo.example', fields: [['Cookie', cookie]] }))
    const again = await idle.response()
    expect([again?.status, field(again, 'set-cookie')]).toEqual([200, ''])
    answer.resolve()
    expect((await waiting.response())?.status).toBe(200)
    waiting.destroy()
    idle.destroy()
  })

  test('a session cookie expires in the new time', async () => {
    jump(3)
    await until('an hour later than it is', async () => {
      const [, expires = ''] = /Expires=([^;]+)/.exec(field(await ask(program.http, { host: 'echo.example' }), 'set-cookie')) ?? []
      return hoursAhead(expires) === 4
    })
  })

  test('it still ends in time', async () => {
    jump(-3)
    expect(await program.stop()).toBe(0)
  })
})

const field = (answer: ResponseMessage | undefined, name: string): string => values(answer?.fields ?? [], name)[0] ?? ''

/** `[30/Nov/2026:21:35:09 +0000]` */
function loggedAt(line: string): string {
  const [, day = '', time = ''] = /\[(\d+\/\w+\/\d+):(\S+ \S+)\]/.exec(line) ?? []
  return `${day.replaceAll('/', ' ')} ${time}`
}
