// The ConfigMaps of TCP and UDP services: entries as they may be written, what becomes of bad ones, and what stays the same from build to build.
import { expect, test } from 'bun:test'
import type { EndpointSlice, KubeObject, Service } from '../../src/kube/objects.ts'
import { builder } from '../../src/table/build.ts'
import { configMap, objectsOf, options, service, slice } from './objects.ts'

const flags = options({ tcpServicesConfigmap: 'default/tcp', udpServicesConfigmap: 'default/udp' })
const build = (...objects: readonly KubeObject[]) => builder(flags).full(objectsOf(objects))
const tcp = (data: Readonly<Record<string, string>>) => configMap('tcp', { ...data })
const udp = (data: Readonly<Record<string, string>>) => configMap('udp', { ...data })
const NONE = [tcp({}), udp({})]

/** One number for both protocols. */
const dns: Service = {
  ...service('dns'),
  ports: [{ name: 'dns-tcp', port: 53, targetPort: 53, protocol: 'TCP' }, { name: 'dns', port: 53, targetPort: 53, protocol: 'UDP' }],
}
const dnsSlice: EndpointSlice = { ...slice('dns', ['10.1.0.1']), ports: [{ name: 'dns-tcp', port: 1053, protocol: 'TCP' }, { name: 'dns', port: 2053, protocol: 'UDP' }] }

test.each([
  ['default/web:80', false, false], ['default/web:80:PROXY', true, false], ['default/web:80:PROXY:PROXY', true, true], ['default/web:80::PROXY', false, true], ['default/web:80:proxy', true, false],
])('%s', (text, accepts, sends) => {
  const { table, issues } = build(...NONE, tcp({ 9000: text }), service('web'), slice('web', ['10.0.0.2']))
  expect(issues).toEqual([])
  expect(table.streams.get('tcp:9000')).toEqual({
    protocol: 'tcp', port: 9000, backend: 'default/web:80|tcp', upstreamName: 'tcp-default-web-80', configMap: 'default/tcp', proxyProtocol: { in: accepts, out: sends },
  })
  expect(table.backends.get('default/web:80|tcp')?.endpoints).toEqual([{ address: '10.0.0.2', port: 8080 }])
})

test('a number that a Service has for both protocols is taken for the one that is asked for', () => {
  const { table, issues } = build(tcp({ 53: 'default/dns:53' }), udp({ 53: 'default/dns:53' }), dns, dnsSlice)
  expect(issues).toEqual([])
  expect(table.backends.get('default/dns:53|tcp')?.endpoints).toEqual([{ address: '10.1.0.1', port: 1053 }])
  expect(table.backends.get('default/dns:53|udp')?.endpoints).toEqual([{ address: '10.1.0.1', port: 2053 }])
})

test.each([
  ['0', 'default/web:80'], ['65536', 'default/web:80'], ['09000', 'default/web:80'], ['9000-9001', 'default/web:80'],
  ['443', 'default/web:80'], ['9000', 'web:80'], ['9000', 'default/web'], ['9000', 'default/web:80:TLS'], ['9000', ''], ['9000', 'default/none:80'], ['9000', 'default/web:81'],
])('%s: %p is an issue of its key, and no port', (key, text) => {
  const { table, issues } = build(udp({}), tcp({ [key]: text, 9999: 'default/web:80' }), service('web'))
  expect([...table.streams.keys()]).toEqual(['tcp:9999'])
  expect(issues).toEqual([{ object: 'ConfigMap default/tcp', field: key, reason: expect.any(String) }])
})

test('PROXY means nothing for UDP: noted, and served', () => {
  const { table, issues } = build(tcp({}), udp({ 53: 'default/dns:dns:PROXY' }), dns)
  expect(table.streams.get('udp:53')?.proxyProtocol).toEqual({ in: false, out: false })
  expect(issues).toMatchObject([{ object: 'ConfigMap default/udp', field: '53' }])
})

test('what did not change stays the same object, and an unchanged table keeps its version', () => {
  const running = builder(flags)
  const world = [udp({}), service('web'), slice('web', ['10.0.0.2'])]
  const first = running.full(objectsOf([...world, tcp({ 9000: 'default/web:80' })])).table
  expect(running.full(objectsOf([...world, tcp({ 9000: 'default/web:80' })])).table).toBe(first)
  const second = running.full(objectsOf([...world, tcp({ 9000: 'default/web:80', 9001: 'default/web:80' })])).table
  expect(second.version).toBe(first.version + 1)
  expect(second.streams.get('tcp:9000')).toBe(first.streams.get('tcp:9000')!)
  expect([...running.full(objectsOf(world)).table.streams.keys()]).toEqual([])
})
