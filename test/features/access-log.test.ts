// The access log on standard output: ingress-nginx's upstreaminfo format, one line a request whatever a client sends, and a slow
// reader costs lines instead of time.
import { beforeAll, describe, expect, test } from 'bun:test'
import { echoUpstream, type Echo } from '../support/echo.ts'
import { start, type Program } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'
import { app, ask, configure, CONFIGURED, metric, requestText, resources, route, type Asked } from './scene.ts'

const keep = resources()
let echo: Echo
let program: Program
beforeAll(async () => {
  echo = await keep(echoUpstream({ respond: ({ target }) => target.startsWith('/short') ? { body: 'four' } : undefined }))
  program = await keep(start({ flags: [CONFIGURED], manifests: [
    ...app('app', echo), route({ to: 'app' }), ...app('none'), route({ to: 'none', path: '/none' }),
  ] }))
})

/** The lines that requests with this mark in them leave. */
async function logged(mark: string, count = 1): Promise<string[]> {
  const lines = () => program.stdout.filter((line) => line.includes(mark))
  expect(await program.when(() => lines().length >= count)).toBe(true)
  return lines()
}
/** Asks with a User-Agent that marks the line. */
async function lineOf(mark: string, asked: Asked = {}): Promise<string> {
  await ask(program.http, { ...asked, fields: [['User-Agent', mark], ...asked.fields ?? []] })
  return (await logged(mark))[0] ?? ''
}

const TIME = '\\d{2}/[A-Z][a-z]{2}/\\d{4}:\\d{2}:\\d{2}:\\d{2} [+-]\\d{4}'
const SECONDS = '\\d+\\.\\d{3}'

describe('the default format', () => {
  test('a forwarded request', async () => {
    const line = await lineOf('mark-forwarded', { target: '/short?a=b', fields: [['Referer', 'http://from.example/'], ['Authorization', `Basic ${btoa('ann:secret')}`]] })
    expect(line).toMatch(new RegExp(`^127\\.0\\.0\\.1 - ann \\[${TIME}\\] "GET /short\\?a=b HTTP/1\\.1" 200 4 "http://from\\.example/" "mark-forwarded" \\d+ ${SECONDS} `
      + `\\[default-app-80\\] \\[\\] 127\\.0\\.0\\.1:${echo.port} 4 ${SECONDS} 200 [0-9a-f]{32}$`))
    expect(line).not.toContain('secret')
  })

  test('an answer of our own', async () => {
    const line = await lineOf('mark-own', { target: '/none', fields: [['X-Request-ID', 'own-1']] })
    expect(line).toMatch(/ - - \[[^\]]+\] "GET \/none HTTP\/1\.1" 503 \d+ "-" "mark-own" \d+ 0\.\d{3} \[default-none-80\] \[\] - - - - own-1$/)
  })

  test('the length of the request counts head and body', async () => {
    const asked = { method: 'POST', body: 'x'.repeat(1000), fields: [['User-Agent', 'mark-length']] as const }
    await ask(program.http, asked)
    const [line = ''] = await logged('mark-length')
    expect(line).toContain(`"mark-length" ${requestText(asked).length} `)
  })

  test('a request that was refused has a line too', async () => {
    const client = await keep(rawClient(program.http))
    client.send('GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n')
    await client.response()
    expect((await logged('"-" 400 ')).length).toBeGreaterThan(0)
  })

  test('a client that left first is 499', async () => {
    const held = await keep(echoUpstream({ respond: () => new Promise(() => undefined) }))
    const own = await keep(start({ manifests: [...app('held', held), route({ to: 'held' })] }))
    const client = await keep(rawClient(own.http))
    client.send(requestText({ fields: [['User-Agent', 'mark-left']] }))
    await held.when(() => held.requests.length === 1)
    client.socket.resetAndDestroy()
    expect(await own.when(() => own.stdout.some((line) => /" 499 .*mark-left/.test(line)))).toBe(true)
  })
})

test('nothing that a client sends makes a line, ends a quote or writes control characters', async () => {
  const evil = 'mark-evil" 200 "\\ \xe9\t\x9b31m!'
  await ask(program.http, { target: '/short?%0a127.0.0.1%20"x"', fields: [['User-Agent', evil], ['Referer', '"']] })
  const [line = ''] = await logged('mark-evil')
  expect(line).toContain('"GET /short?%0a127.0.0.1%20\\x22x\\x22 HTTP/1.1"')
  expect(line).toContain('"\\x22" "mark-evil\\x22 200 \\x22\\x5C \\xE9\\x09\\x9B31m!"')
})

describe('settings', () => {
  test('log-format-upstream, live', async () => {
    await configure(program, { 'log-format-upstream': 'own $status ${request_method} $http_x_mark $ingress_name $nonsense' })
    await ask(program.http, { fields: [['X-Mark', 'mark-format']] })
    expect(await logged('mark-format')).toEqual(['own 200 GET mark-format app -'])
    expect(await program.when(() => program.stderr.some((line) => line.includes('$nonsense')))).toBe(true)
  })

  test('log-format-escape-json', async () => {
    await configure(program, { 'log-format-upstream': '{"status": $status, "mark": "$http_x_mark"}', 'log-format-escape-json': 'true' })
    const mark = 'mark-json "quoted" \\ and \xe9'
    await ask(program.http, { fields: [['X-Mark', mark]] })
    const [line = ''] = await logged('mark-json')
    expect(JSON.parse(line)).toMatchObject({ status: 200, mark: expect.stringContaining('mark-json "quoted" \\ and ') })
  })

  test('disable-access-log', async () => {
    await configure(program, { 'disable-access-log': 'true' })
    await ask(program.http, { fields: [['User-Agent', 'mark-disabled']] })
    await configure(program, { 'disable-access-log': 'false', 'log-format-upstream': 'on $http_user_agent' })
    await ask(program.http, { fields: [['User-Agent', 'mark-enabled']] })
    await logged('mark-enabled')
    expect(program.stdout.filter((line) => line.includes('mark-disabled'))).toEqual([])
  })
})

/** Starts the program with a standard output that takes 64 KiB and has no reader. */
const UNREAD = ['sh', '-c', 'f=$(mktemp -u) && mkfifo "$f" && exec 3<>"$f" && rm "$f" && exec "$0" src/main.ts "$@" >&3', process.execPath]
/** Lines of about 8 KiB: what waits for a reader is bounded at 8 MiB. */
const LONG = 'x'.repeat(7_900)
const CONNECTIONS = 4
const REQUESTS_EACH = 400

test('a reader that stops reading costs lines, which are counted, and never a request', async () => {
  const stuck = await keep(start({ manifests: [...app('app', echo), route({ to: 'app' })], command: UNREAD }))
  const request = requestText({ target: '/short', fields: [['User-Agent', LONG]] })
  for (let connection = 0; connection < CONNECTIONS; connection++) {
    const client = await keep(rawClient(stuck.http))
    for (let i = 0; i < REQUESTS_EACH; i++) {
      client.send(request)
      const response = await client.response()
      if (response?.status !== 200) throw new Error(`request ${i}: ${response?.status}`)
    }
  }
  await stuck.waitFor('lines are dropped', async () => await metric(stuck, 'lintel_log_lines_dropped_total') > 0)
})
