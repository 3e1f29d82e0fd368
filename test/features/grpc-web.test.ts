// gRPC-Web is HTTP whose trailers stand in the body: both pass untouched, whatever carries them, and errors of the proxy are HTTP's.
import { beforeAll, describe, expect, test } from 'bun:test'
import { echoUpstream, type Echo } from '../support/echo.ts'
import type { FieldLine } from '../support/http1.ts'
import { values } from '../support/http1.ts'
import { start, type Program } from '../support/program.ts'
import { h2Client, head, statusOf, textOf } from './http2-client.ts'
import { pair, WITH_PAIR } from './http2-session.ts'
import { app, ask, resources, route } from './scene.ts'
import { HOST, WAYS, type Way } from './tunnels.ts'

/** A frame as it stands in a body: flags, length, payload. 0x80: trailers, as text. */
const frame = (flags: number, payload: string): string => {
  const start = Buffer.alloc(5)
  start.writeUInt8(flags)
  start.writeUInt32BE(payload.length, 1)
  return start.toString('latin1') + payload
}
const ALL_OCTETS = Buffer.from(Array.from({ length: 256 }, (_, n) => n)).toString('latin1')
const CALL = frame(0, `\n\x05world${ALL_OCTETS}`)
const REPLY = frame(0, ALL_OCTETS.repeat(40)) + frame(0x80, 'grpc-status: 0\r\ngrpc-message: ok\r\nx-trailer: behind\r\n')
const BINARY = 'application/grpc-web+proto'
const TEXT = 'application/grpc-web-text+proto'
const CONTENTS: readonly (readonly [type: string, call: string, reply: string])[] = [[BINARY, CALL, REPLY], [TEXT, btoa(CALL), btoa(REPLY)]]

const keep = resources()
let echo: Echo
let program: Program
beforeAll(async () => {
  const replies = new Map(CONTENTS.map(([type, , reply]) => [type, reply]))
  echo = await keep(echoUpstream({ respond: ({ fields }) => {
    const [type = ''] = values(fields, 'content-type')
    return { status: 200, fields: [['content-type', type], ['access-control-expose-headers', 'grpc-status']], body: replies.get(type) ?? '' }
  } }))
  program = await keep(start({ flags: [WITH_PAIR], manifests: [
    ...app('app', echo), route({ to: 'app' }), ...app('none'), route({ to: 'none', path: '/none.Service' }), await pair(),
  ] }))
})

type Answer = { readonly status: number; readonly fields: readonly FieldLine[]; readonly body: string }
async function call(way: Way, target: string, { type, body, host = HOST }: { type: string; body: string; host?: string }): Promise<Answer> {
  const fields: FieldLine[] = [['content-type', type], ['x-grpc-web', '1'], ['grpc-timeout', '5S']]
  const tls = way.endsWith('TLS') && { tls: { servername: HOST } }
  const port = tls ? program.https : program.http
  if (!way.startsWith('HTTP/2')) return ask(port, { method: 'POST', target, host, fields, body, ...tls })
  const client = await keep(h2Client(port, tls || {}))
  const stream = client.open(head(target, { ':method': 'POST', ':authority': host }, fields), { end: false })
  client.upload(stream, Buffer.from(body, 'latin1'))
  await client.done(stream)
  return { status: statusOf(stream), fields: [...stream.heads.at(-1)?.fields ?? [], ...stream.trailers ?? []], body: textOf(stream) }
}

describe.each(WAYS)('over %s', (way) => {
  test.each(CONTENTS)('%s: messages, and trailers in the body, as they are', async (type, message, reply) => {
    const target = `/greet.Greeter/Hello-${WAYS.indexOf(way)}`
    const answer = await call(way, target, { type, body: message })
    expect([answer.status, values(answer.fields, 'content-type'), answer.body === reply]).toEqual([200, [type], true])
    const received = echo.requests.findLast((request) => request.target === target)
    expect([received?.body === message, values(received?.fields ?? [], 'content-type'), values(received?.fields ?? [], 'x-grpc-web')]).toEqual([true, [type], ['1']])
  })

  test.each(CONTENTS)('%s: an error of the proxy has its status in HTTP, nothing of gRPC', async (type, body) => {
    for (const [target, host, status] of [['/none.Service/Call', HOST, 503], ['/', 'nobody.example', 404]] as const) {
      const answer = await call(way, target, { type, body, host })
      expect([answer.status, values(answer.fields, 'grpc-status'), values(answer.fields, 'content-type')]).toEqual([status, [], ['text/plain; charset=utf-8']])
    }
  })
})
