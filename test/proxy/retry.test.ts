// What may be sent twice: only what can't have been acted on, or what changes nothing when repeated (RFC 9110 §9.2.2).
import { expect, test } from 'bun:test'
import { ProxyError } from '../../src/http/message.ts'
import { MAX_TRIES, retryOf } from '../../src/proxy/retry.ts'

const refused = new ProxyError('upstream', 'connect_failed', { status: 502, retry: 'always' })
const stale = new ProxyError('upstream', 'upstream_reset', { status: 502, retry: 'if-reused' })
const reset = new ProxyError('upstream', 'upstream_reset', { status: 502 })
const slow = new ProxyError('upstream', 'timeout_header', { status: 504 })
const cut = new ProxyError('upstream', 'timeout_body', { status: 504 })
const garbage = new ProxyError('upstream', 'bad_answer', { status: 502 })
const first = { consumed: false, tries: 1 }

test.each([
  ['POST', refused, 'next'], ['GET', refused, 'next'], ['BREW', refused, 'next'],
  ['GET', stale, 'same'], ['HEAD', stale, 'same'], ['PUT', stale, 'same'], ['POST', stale, 'no'], ['PATCH', stale, 'no'], ['BREW', stale, 'no'],
  ['GET', reset, 'next'], ['DELETE', reset, 'next'], ['POST', reset, 'no'], ['LOCK', reset, 'no'],
  ['GET', slow, 'next'], ['POST', slow, 'no'], ['GET', cut, 'no'], ['GET', garbage, 'no'],
] as const)('%s after %p', (method, error, expected) => {
  expect(retryOf(error, { method, ...first })).toBe(expected)
})

test('never when octets of the body are gone, never more than the tries there are', () => {
  expect(retryOf(refused, { method: 'PUT', consumed: true, tries: 1 })).toBe('no')
  expect(retryOf(refused, { method: 'GET', consumed: false, tries: MAX_TRIES })).toBe('no')
})
