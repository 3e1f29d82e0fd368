// What did not change keeps its identity, so that a change costs its own entries on the way to the workers.
import { expect, test } from 'bun:test'
import type { KubeObject } from '../../src/kube/objects.ts'
import { builder } from '../../src/table/build.ts'
import { diff } from '../../src/update.ts'
import { annotated, changedKeys, configMap, ingress, objectsOf, options, path, service, slice } from './objects.ts'

const one = [ingress('one', 'one.test'), service('web'), slice('web', ['10.0.0.1'])] as const
const two = ingress('two', 'two.test')
const start = (...objects: readonly KubeObject[]) => {
  const built = builder(options())
  return { built, table: built.full(objectsOf(objects)).table }
}
const keys = (entries: readonly (readonly [string, unknown])[]) => entries.map(([key]) => key)

test('one changed Ingress changes its own host', () => {
  const { built, table } = start(...one, two)
  const update = diff(table, built.full(objectsOf([...one, annotated(two, { 'app-root': '/x' })])).table, 0)
  expect([keys(update.hosts), keys(update.backends), update.global]).toEqual([['two.test'], [], undefined])
})

test('so it does where only it is looked at, and where it goes', () => {
  const { built, table } = start(...one, two)
  const { table: next } = built.change(objectsOf([...one, annotated(two, { 'app-root': '/x' })]), changedKeys(two))
  expect(keys(diff(table, next, 0).hosts)).toEqual(['two.test'])
  const { table: last } = built.change(objectsOf(one), changedKeys(two))
  expect([keys(diff(next, last, 0).hosts), [...last.hosts.keys()]]).toEqual([['two.test'], ['one.test']])
})

test('a Service that comes changes the backends that wait for it', () => {
  const { built, table } = start(one[0], one[2], two)
  const { table: next, issues } = built.change(objectsOf([...one, two]), changedKeys(one[1]))
  expect([keys(diff(table, next, 0).backends), issues]).toEqual([['default/web:80'], []])
})

test('a changed canary changes the hosts of its own', () => {
  const canary = annotated(ingress('canary', 'two.test', [path('/', 'v2')]), { 'canary': 'true', 'canary-weight': '10' })
  const { built, table } = start(...one, two, canary, service('v2'))
  const heavier = annotated(canary, { 'canary': 'true', 'canary-weight': '20' })
  const update = diff(table, built.full(objectsOf([...one, two, heavier, service('v2')])).table, 0)
  expect([keys(update.hosts), keys(update.backends)]).toEqual([['two.test'], []])
  const without = diff(table, built.full(objectsOf([...one, two, service('v2')])).table, 0)
  expect([keys(without.hosts), keys(without.backends)]).toEqual([['two.test'], ['default/v2:80']])
})

test('a slice that came to life changes its own backend', () => {
  const { built, table } = start(...one, two)
  const added = slice('web', ['10.0.0.2'], 'web-2')
  const { table: next } = built.change(objectsOf([...one, two, added]), changedKeys(added))
  expect(keys(diff(table, next, 0).backends)).toEqual(['default/web:80'])
  expect(next.hosts === table.hosts).toBe(true)
  expect(next.version).toBe(table.version + 1)
})

test('the same endpoints in other slices change nothing', () => {
  const { built, table } = start(...one)
  const [web, svc, whole] = one
  const split = [slice('web', ['10.0.0.1'], 'web-2'), slice('web', [], 'web-3')]
  expect(built.change(objectsOf([web, svc, ...split]), changedKeys(whole, ...split)).table === table).toBe(true)
})

test('a setting that routes do not depend on changes no host', () => {
  const { built, table } = start(...one)
  const { table: next } = built.full(objectsOf([...one, configMap('settings', { 'log-format-escape-json': 'true' })]))
  expect(next.global.settings['log-format-escape-json']).toBe(true)
  expect(next.hosts === table.hosts).toBe(true)
})

test('nothing new: the same table', () => {
  const { built, table } = start(...one, two)
  expect(built.full(objectsOf([...one, two])).table === table).toBe(true)
})
