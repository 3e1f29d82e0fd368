// Which hosts a TLS connection may carry, where no client of the feature tests can be made to say it.
import { expect, test } from 'bun:test'
import type { Host } from '../../src/model.ts'
import { Coverage } from '../../src/proxy/certificates.ts'
import { certificate } from '../support/certificate.ts'

const host = (key: string): Host => ({ routes: [], certificate: key })
const certificates = new Map([['', await certificate({ names: ['fallback.example'] })], ['one', await certificate({ names: ['one.example'] })], ['two', await certificate({ names: ['two.example'] })]])
const coverage = new Coverage({ hosts: new Map([['one.example', host('one')], ['two.example', host('two')], ['*.three.example', host('missing')]]), certificates })

test.each<[why: string, serverName: string, host: string, misdirected: boolean]>([
  ['another certificate', 'two.example', 'one.example', true],
  ['an address as server name, which RFC 6066 §3 forbids and some send', '127.0.0.1', 'one.example', false],
  ['an IPv6 address', '::1', 'one.example', false],
  ['no server name', '', 'one.example', false],
  ['no host, as HTTP/1.0 may', 'two.example', '', false],
  ['an address as host', 'two.example', '127.0.0.1', false],
  ['an IPv6 address as host', 'two.example', '[::1]', false],
  ['a host whose certificate is not there', 'two.example', 'a.three.example', false],
])('%s: %s carries %s', (_, serverName, name, misdirected) => { expect(coverage.misdirects(serverName, name)).toBe(misdirected) })
