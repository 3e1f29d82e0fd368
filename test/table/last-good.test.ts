// An Ingress that becomes faulty goes on being served as it last was; one that never was good harms only itself.
import { expect, test } from 'bun:test'
import type { KubeObject } from '../../src/kube/objects.ts'
import { builder } from '../../src/table/build.ts'
import { annotated, configMap, ingress, objectsOf, options, path, service } from './objects.ts'

const good = ingress('web', 'web.test', [path('/a')])
const faulty = ingress('web', 'web.test', [path('/b'), path('/has a space')])
const always = ingress('other', 'other.test')

const started = (...objects: readonly KubeObject[]) => {
  const built = builder(options())
  const step = (...next: readonly KubeObject[]) => built.full(objectsOf([service('web'), always, ...next]))
  return { first: step(...objects), step }
}

test('the last good version is served, and its owner is told', () => {
  const { first, step } = started(good)
  const { table, issues } = step(faulty)
  expect(table).toBe(first.table)
  expect(issues).toEqual([{
    object: 'Ingress default/web',
    field: 'spec.rules[0].http.paths[1].path',
    reason: '"/has a space" contains a space or a control character: its last good version is served until it is mended',
  }])
})

test('it follows the settings meanwhile', () => {
  const { step } = started(good)
  const { table } = step(faulty, configMap('settings', { 'proxy-body-size': '2m' }))
  expect(table.hosts.get('web.test')?.routes[0]?.policies.bodyLimit).toEqual({ bytes: 2 * 1024 * 1024 })
})

test('deletion ends it', () => {
  const { step } = started(good)
  step()
  const { table, issues } = step(faulty)
  expect([...table.hosts.keys()]).toEqual(['other.test'])
  expect(issues[0]?.reason).toEndWith('nothing of this Ingress is served until it is mended')
})

test('without a good version only the others are served', () => {
  expect([...started(faulty).first.table.hosts.keys()]).toEqual(['other.test'])
})

test('what the administrator forbids is not served on', () => {
  const { step } = started(annotated(ingress('web', 'web.test'), { 'app-root': '/good' }))
  const words = configMap('settings', { 'annotation-value-word-blocklist': 'evil' })
  expect(step(annotated(ingress('web', 'web.test'), { 'app-root': '/evil' }), words).table.hosts.has('web.test')).toBe(false)
})
