// Targets are normalised once, for routing and for the upstream, so that two readers cannot disagree (RFC 3986 §5.2.4, §6.2.2).
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { absoluteTarget, hostName, isHost, originTarget } from '../../src/http/h1/target.ts'
import { requestNames } from '../../src/http/fields.ts'
import { RequestHead } from '../../src/http/h1/request.ts'
import { octets } from './support.ts'

const read = (raw: string) => {
  const read = originTarget(raw)
  return 'fault' in read ? read.fault : [read.target, read.path]
}

test.each([
  ['/', '/', '/'],
  ['/a/b', '/a/b', '/a/b'],
  ['/.', '/', '/'],
  ['/./', '/', '/'],
  ['/a/.', '/a/', '/a/'],
  ['/a/./b', '/a/b', '/a/b'],
  ['/a/..', '/', '/'],
  ['/a/../', '/', '/'],
  ['/a/b/../c', '/a/c', '/a/c'],
  ['/a/b/../../c', '/c', '/c'],
  ['/a/%2e/b', '/a/b', '/a/b'],
  ['/a/%2E%2e/b', '/b', '/b'],
  ['/a/.%2e/b', '/b', '/b'],
  ['/a/...', '/a/...', '/a/...'],
  ['/a/..b', '/a/..b', '/a/..b'],
  ['/a/%2eb', '/a/%2eb', '/a/.b'],
  ['//a', '//a', '/a'],
  ['/a//b///c/', '/a//b///c/', '/a/b/c/'],
  ['/a//../b', '/a/b', '/a/b'],
  ['/a/b//..', '/a/b/', '/a/b/'],
  ['/a%2fb', '/a%2fb', '/a/b'],
  ['/a%2Fb/../c', '/c', '/c'],
  ['/%2f%2fa', '/%2f%2fa', '/a'],
  ['/a%5cb', '/a%5cb', '/a\\b'],
  ['/a%20b', '/a%20b', '/a b'],
  ['/caf%C3%A9', '/caf%C3%A9', '/café'],
  ['/%E9', '/%E9', '/\xe9'],
  ['/%252e%252e/a', '/%252e%252e/a', '/%2e%2e/a'],
  ['/a/../b?c=/../d', '/b?c=/../d', '/b'],
  ['/a?b%zz\\', '/a?b%zz\\', '/a'],
  ['/a/../?', '/?', '/'],
  ['/a;x=/../b', '/b', '/b'],
])('%s goes upstream as %s and is routed as %s', (raw, target, path) => { expect(read(raw)).toEqual([target, path]) })

test.each([
  ['/..', 'the path leaves the root'],
  ['/../a', 'the path leaves the root'],
  ['/a/../../b', 'the path leaves the root'],
  ['/%2e%2E/a', 'the path leaves the root'],
  ['/a\\b', 'a backslash in the path'],
  ['/a/..\\b', 'a backslash in the path'],
  ['/a%2f..%2fb', 'dot segments behind an encoded slash'],
  ['/a/..%2fb', 'dot segments behind an encoded slash'],
  ['/a%2F.', 'dot segments behind an encoded slash'],
  ['/a/%2e%2e%2Fb', 'dot segments behind an encoded slash'],
  ['/a/..%5cb', 'dot segments behind an encoded slash'],
  ['/a%5C%2e%2e', 'dot segments behind an encoded slash'],
  ['/a%2f..%5Cb', 'dot segments behind an encoded slash'],
  ['/a%', 'a percent sign without two hexadecimal digits in the path'],
  ['/a%2', 'a percent sign without two hexadecimal digits in the path'],
  ['/%zz', 'a percent sign without two hexadecimal digits in the path'],
  ['/%u002e', 'a percent sign without two hexadecimal digits in the path'],
  ['/a%00', 'a NUL in the path'],
  ['/a#b', 'a fragment in the target'],
  ['/a?b#c', 'a fragment in the target'],
])('%s can be read in two ways: %s', (raw, fault) => { expect(read(raw)).toBe(fault) })

test.each([
  ['http://h.test/a/../b?c', 'GET', { target: '/b?c', path: '/b', host: 'h.test' }],
  ['HTTPS://H.test:8443', 'GET', { target: '/', path: '/', host: 'H.test:8443' }],
  ['http://h.test?x=//y', 'GET', { target: '/?x=//y', path: '/', host: 'h.test' }],
  ['http://[::1]:80/', 'GET', { target: '/', path: '/', host: '[::1]:80' }],
  ['*', 'OPTIONS', { target: '*', path: '*', host: null }],
])('%s is a target of %s %s', (raw, method, understood) => { expect(absoluteTarget(raw, method)).toEqual(understood) })

test.each(['*', '', 'a/b', 'h.test:80', 'http:/h.test/', 'http:h.test', 'ws://h.test/', 'http:///a', 'http://u:p@h.test/', 'http://h.test\\@evil/', 'http://h.test#f', 'http://h.test/..', 'http://h%2etest/'])(
  'GET %s is no target', (raw) => { expect(absoluteTarget(raw, 'GET')).toHaveProperty('fault') })

describe('hosts', () => {
  test.each([['h.test', 'h.test'], ['H.Test:8080', 'h.test'], ['h.test.', 'h.test'], ['h.test.:80', 'h.test'], ['h.test:', 'h.test'], ['10.0.0.1:80', '10.0.0.1'], ['[::1]', '[::1]'], ['[2001:DB8::1]:80', '[2001:db8::1]'], ['a_b-c', 'a_b-c']])(
    '%s is %s in the table', (host, name) => { expect([isHost(host), hostName(host)]).toEqual([true, name]) })
})

describe('properties', () => {
  const piece = fc.constantFrom('/', '/', '.', '..', '%2e', '%2E', '%2f', '%5c', '\\', 'a', 'b', '%41', '%C3%A9', '%E9', '%25', '?', ';', '#', '%', '*', '@')
  const target = fc.array(piece, { maxLength: 14 }).map((pieces) => `/${pieces.join('')}`)
  const dots = /(^|[/\\])\.\.?($|[/\\])/

  test('normalising twice is normalising once; what is left has no dot segments and no empty segments', () => {
    fc.assert(fc.property(target, (raw) => {
      const once = originTarget(raw)
      if ('fault' in once) return
      expect(originTarget(once.target)).toEqual(once)
      expect(once.path).not.toMatch(dots)
      expect(once.path).not.toMatch(/\/\//)
      expect(once.path).toStartWith('/')
      expect((once.target.split('?')[0] ?? '').replace(/%2e/gi, '.')).not.toMatch(dots)
    }), { seed: 20261125, numRuns: 20_000, interruptAfterTimeLimit: 1_500, markInterruptAsFailure: false })
  })

  test('the scan of a head finds every target that needs normalising', () => {
    const head = new RequestHead()
    fc.assert(fc.property(target, (raw) => {
      const bytes = octets(`GET ${raw} HTTP/1.1\r\nHost: h\r\n\r\n`)
      const end = head.scan(bytes, 0, bytes.length, requestNames())
      const read = originTarget(raw)
      if ('fault' in read) expect([end, head.fault]).toEqual([-400, read.fault])
      else expect([end, head.cleanTarget, head.path]).toEqual([bytes.length, read.target, read.path])
    }), { seed: 20261125, numRuns: 5_000, interruptAfterTimeLimit: 1_500, markInterruptAsFailure: false })
  })
})
