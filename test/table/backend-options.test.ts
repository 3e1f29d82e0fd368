// What endpoints are asked, and how their connections begin, as the annotations have it.
import { expect, test } from 'bun:test'
import { defaultSettings } from '../../src/settings.ts'
import { readAnnotations } from '../../src/table/annotations.ts'
import { backendOptions, defaultBackendOptions, optionsText } from '../../src/table/backend-options.ts'

const of = (annotations: Readonly<Record<string, string>>) => backendOptions(readAnnotations(annotations, 'nginx.ingress.kubernetes.io').values, defaultSettings)

test('without annotations they are the default, and no part of a key', () => {
  expect(of({})).toEqual(defaultBackendOptions)
  expect(optionsText(of({}))).toBe('')
})
test('endpoints with the PROXY protocol are a backend of their own', () => {
  expect(optionsText(of({ 'lintel.dev/proxy-protocol': 'v2' }))).toBe('|proxyProtocol="v2"')
})
test('their active checks look for no answer: an endpoint gives none without a header', () => {
  const check = { 'lintel.dev/health-check-type': 'http' }
  expect(of(check).check?.type).toBe('http')
  expect(of({ ...check, 'lintel.dev/proxy-protocol': 'v1' }).check?.type).toBe('tcp')
  expect(of({ 'lintel.dev/proxy-protocol': 'v1' }).check).toBeNull()
})
