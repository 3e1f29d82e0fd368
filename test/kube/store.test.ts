// The store holds what the changes say and names the kinds that changed.
import { expect, test } from 'bun:test'
import type { EndpointSlice, IngressClass } from '../../src/kube/objects.ts'
import { Store } from '../../src/kube/store.ts'

const meta = { namespace: 'ns', name: 'a', uid: '', annotations: {}, labels: {}, creationTimestamp: '' }
const slice: EndpointSlice = { kind: 'EndpointSlice', meta, service: 's', ports: [], endpoints: [] }
const ingressClass: IngressClass = { kind: 'IngressClass', meta: { ...meta, namespace: '' }, controller: 'c', isDefault: false, parameters: '' }

test('set, replace and delete', () => {
  const store = new Store()
  expect(store.apply([{ op: 'set', object: slice }, { op: 'set', object: ingressClass }])).toEqual(new Set(['EndpointSlice', 'IngressClass']))
  expect(store.objects.EndpointSlice.get('ns/a')).toBe(slice)
  expect(store.objects.IngressClass.get('a')).toBe(ingressClass)

  const next = { ...slice, service: 't' }
  expect(store.apply([{ op: 'set', object: next }])).toEqual(new Set(['EndpointSlice']))
  expect(store.objects.EndpointSlice.get('ns/a')).toBe(next)

  expect(store.apply([{ op: 'delete', kind: 'EndpointSlice', key: 'ns/a' }])).toEqual(new Set(['EndpointSlice']))
  expect(store.objects.EndpointSlice.size).toBe(0)
})

test('what changes nothing names no kind', () => {
  const store = new Store()
  store.apply([{ op: 'set', object: slice }])
  expect(store.apply([{ op: 'set', object: slice }, { op: 'delete', kind: 'Service', key: 'ns/a' }])).toEqual(new Set())
})
