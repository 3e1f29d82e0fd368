// Access log lines: nginx's default format, its variables and escapes, and no way for a client to break a line.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { defaultSettings } from '../../src/settings.ts'
import { accessLog } from '../../src/telemetry/access-log.ts'
import { commonLogTime, isoTime, perSecond } from '../../src/telemetry/log-time.ts'
import { type RecordParts, requestRecord } from './record.ts'

const line = (format: string, parts: RecordParts = {}, json = false) => accessLog(format, { json }).render(requestRecord(parts))

describe('the default format', () => {
  const format = defaultSettings['log-format-upstream']

  test('has a meaning for each of its variables', () => {
    expect(accessLog(format, { json: false }).unknown).toEqual([])
  })

  test('a served request', () => {
    const fields = { 'user-agent': 'curl/8.5.0', authorization: `Basic ${btoa('ann:secret')}` }
    const time = commonLogTime(new Date(performance.timeOrigin + 1012.4))
    expect(line(format, { fields })).toBe(
      `203.0.113.7 - ann [${time}] "GET /tea?cup=2 HTTP/1.1" 200 42 "-" "curl/8.5.0" 312 0.012 `
      + '[shop-tea-svc-80] [] 10.0.0.1:8080 42 0.012 200 c0ffee',
    )
  })

  test('a request that never got far', () => {
    const parts = { method: '', target: '', host: '', status: 400, ingress: '', upstreamName: '', attempts: [], requestId: '' }
    expect(line(format, parts)).toEndWith('"-" 400 42 "-" "-" 312 0.012 [-] [] - - - - -')
  })
})

describe('variables', () => {
  test.each([
    ['$status', { status: 0 }, '499'],
    ['$uri $args $query_string $is_args', {}, '/tea cup=2 cup=2 ?'],
    ['$args|$is_args', { target: '/' }, '-|'],
    ['$namespace $ingress_name $service_name $service_port', {}, 'shop cafe tea-svc 80'],
    ['$namespace $ingress_name $service_name $service_port', { ingress: '', upstreamName: '' }, '- - - -'],
    ['$location_path', {}, '/tea'],
    ['$location_path', { routeId: 'shop/cafe//prefix:' }, '/'],
    ['$location_path', { routeId: '' }, '-'],
    ['$scheme $https $server_protocol $request_method', {}, 'https on HTTP/1.1 GET'],
    ['$http_x_trace_id', { fields: { 'x-trace-id': 'abc' } }, 'abc'],
    ['$cookie_user', { fields: { cookie: 'a=1; user=ann; b=2' } }, 'ann'],
    ['$arg_cup $arg_up', {}, '2 -'],
    ['$lintel_reason', { reason: 'no_endpoints' }, 'no_endpoints'],
    ['$remote_user', { fields: { authorization: 'Bearer abc' } }, '-'],
    ['${status}xx$', {}, '200xx$'],
    ['no variables', {}, 'no variables'],
  ] satisfies [string, RecordParts, string][])('%s', (format, parts, expected) => {
    expect(line(format, parts)).toBe(expected)
  })

  test('several attempts are lists; an attempt without an answer has the status it stands for', () => {
    const attempts = [
      { endpoint: '10.0.0.1:80', status: 0, ms: 2, bytes: 0, error: 'connect_failed' },
      { endpoint: '10.0.0.2:80', status: 0, ms: 5000, bytes: 0, error: 'timeout_header' },
      { endpoint: '10.0.0.3:80', status: 200, ms: 10, bytes: 7, error: '' },
    ]
    expect(line('$upstream_addr | $upstream_status | $upstream_response_time | $upstream_response_length', { attempts }))
      .toBe('10.0.0.1:80, 10.0.0.2:80, 10.0.0.3:80 | 502, 504, 200 | 0.002, 5.000, 0.010 | 0, 0, 7')
  })

  test('unknown ones render as absent and are reported once', () => {
    const { render, unknown } = accessLog('$status $nope $nope ${geoip_city}', { json: false })
    expect(render(requestRecord())).toBe('200 - - -')
    expect(unknown).toEqual(['nope', 'geoip_city'])
  })
})

describe('escaping', () => {
  const agent = (text: string) => ({ fields: { 'user-agent': text } })

  test('nginx: \\xHH for quotes, backslashes, control and high octets', () => {
    expect(line('"$http_user_agent"', agent('a"b\\c\x00\x1f\x7f\xe9~'))).toBe('"a\\x22b\\x5Cc\\x00\\x1F\\x7F\\xE9~"')
    expect(line('$http_user_agent', agent('→'))).toBe('\\xE2\\x86\\x92')
  })

  test('JSON: UTF-8 octets become text, absent is empty', () => {
    const format = '{"ua":"$http_user_agent","ref":"$http_referer","t":$request_time}'
    const utf8 = Buffer.from('é"\\\n\u2028').toString('latin1')
    expect(JSON.parse(line(format, agent(utf8), true))).toEqual({ ua: 'é"\\\n\u2028', ref: '', t: 0.012 })
  })

  test('no octet of a client ends a line or leaves its quotes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const text = Buffer.from(bytes).toString('latin1')
      const plain = line('"$http_user_agent" $status', agent(text))
      expect(plain).toMatch(text === '' ? /^"-" 200$/ : /^"[ !#-~]*" 200$/)
      expect(JSON.parse(line('{"ua":"$http_user_agent"}', agent(text), true))).toEqual({ ua: Buffer.from(bytes).toString('utf8') })
    }))
  })
})

describe('times', () => {
  test('are nginx\'s forms of the local time', () => {
    const date = new Date(2025, 10, 5, 2, 6, 9)
    expect(commonLogTime(date)).toMatch(/^05\/Nov\/2025:02:06:09 [+-]\d{4}$/)
    expect(isoTime(date)).toMatch(/^2025-11-05T02:06:09[+-]\d\d:\d\d$/)
    expect(new Date(isoTime(date)).getTime()).toBe(date.getTime())
  })

  test('are made once a second', () => {
    const asked: number[] = []
    const text = perSecond((date) => String(asked.push(date.getTime())))
    expect([text(1000), text(1999.9), text(2000), text(1000)]).toEqual(['1', '1', '2', '3'])
    expect(asked).toEqual([1000, 2000, 1000])
  })
})
