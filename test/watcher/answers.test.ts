// What /table shows: all that is served, and never a key.
import { expect, test } from 'bun:test'
import type { Route, Table } from '../../src/model.ts'
import { emptyTable } from '../../src/update.ts'
import { Answers } from '../../src/watcher/answers.ts'
import { certificate } from '../support/certificate.ts'
import { defaultBackendOptions as options } from '../../src/table/backend-options.ts'

const route: Route = {
  id: 'ns/cafe/cafe.example/prefix:/tea', ingress: 'ns/cafe', path: { kind: 'prefix', value: '/tea' }, backend: 'ns/tea:80', upstreamName: 'ns-tea-80',
  policies: { timeouts: { connectMs: 1, sendMs: 2, readMs: 3, requestMs: 0 }, retry: { on: [], tries: 1, timeoutMs: 0 } },
}

test('hosts, routes, backends and certificates, without keys', async () => {
  const { cert, key } = await certificate({ names: ['cafe.example', '*.cafe.example'] })
  const table: Table = {
    ...emptyTable,
    version: 7,
    hosts: new Map([['cafe.example', { routes: [route], certificate: 'ns/secret' }]]),
    backends: new Map([['ns/tea:80', { protocol: 'http', options, endpoints: [{ address: '127.0.0.1', port: 1 }] }]]),
    certificates: new Map([['ns/secret', { cert, key }]]),
    streams: new Map([['tcp:9000', { protocol: 'tcp', port: 9000, backend: 'ns/db:1|tcp', upstreamName: 'tcp-ns-db-1', configMap: 'ns/tcp', proxyProtocol: { in: false, out: true } }]]),
  }
  const json = new Answers().table(table, { workers: new Map([[1, 7], [2, null]]), unwell: new Map([['ns/tea:80', [{ address: '127.0.0.1', port: 1 }]]]) })
  const { id, ingress, path, backend, policies } = route
  expect(JSON.parse(json)).toEqual({
    version: 7,
    workers: [{ id: 1, version: 7 }, { id: 2, version: null }],
    hosts: [{ host: 'cafe.example', certificate: 'ns/secret', routes: [{ id, ingress, path, backend, policies }] }],
    fallback: null,
    backends: [{ key: 'ns/tea:80', protocol: 'http', options, endpoints: [{ address: '127.0.0.1', port: 1 }], unwell: [{ address: '127.0.0.1', port: 1 }] }],
    certificates: [{
      id: 'ns/secret', subject: expect.stringContaining('cafe.example'), notAfter: expect.stringMatching(/^\d{4}-.*Z$/),
      names: ['cafe.example', '*.cafe.example'],
    }],
    streams: [{ protocol: 'tcp', port: 9000, backend: 'ns/db:1|tcp', configMap: 'ns/tcp', proxyProtocol: { in: false, out: true } }],
  })
  expect(json).not.toContain('PRIVATE KEY')
})
