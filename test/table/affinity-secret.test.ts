// What keys the cookies of a persistent affinity: the same in every instance, new with a new Service, and never what clients could know.
import { describe, expect, test } from 'bun:test'
import type { KubeObject, Service } from '../../src/kube/objects.ts'
import { builder } from '../../src/table/build.ts'
import { annotated, fakeCertificate, ingress, objectsOf, options, service, slice } from './objects.ts'

const web = (uid: string): Service => ({ ...service('web'), meta: { ...service('web').meta, uid } })
const objects = (uid: string, affinity: Record<string, string> = { 'affinity': 'cookie', 'affinity-mode': 'persistent' }): KubeObject[] =>
  [annotated(ingress('i', 'a.test'), affinity), web(uid), slice('web', ['10.0.0.1'])]

type Built = ReturnType<ReturnType<typeof builder>['full']>
const secretOf = ({ table: { backends } }: Built) => [...backends.values()][0]?.secret
/** Of an instance of its own: its self-signed certificate is nobody else's. */
const instance = (key: string) => builder(options({ fakeCertificate: { ...fakeCertificate, key } }))

describe('with a uid', () => {
  test('all instances have the same one, and it does not show the uid', () => {
    const secrets = ['one', 'two'].map((key) => secretOf(instance(key).full(objectsOf(objects('5f3c')))))
    expect(secrets[0]).toMatch(/^[0-9a-f]{64}$/)
    expect(secrets[1]).toBe(secrets[0]!)
    expect(secrets[0]).not.toContain('5f3c')
  })

  test('a Service made anew has another one', () => {
    const built = instance('one')
    const before = secretOf(built.full(objectsOf(objects('5f3c'))))
    const after = secretOf(built.full(objectsOf(objects('9a1b'))))
    expect(after).toMatch(/^[0-9a-f]{64}$/)
    expect(after).not.toBe(before!)
  })
})

test('without a uid each instance has its own: nothing else is secret', () => {
  const secrets = ['one', 'two'].map((key) => secretOf(instance(key).full(objectsOf(objects('')))))
  expect(secrets[0]).toMatch(/^[0-9a-f]{64}$/)
  expect(secrets[1]).not.toBe(secrets[0]!)
})

test.each([{}, { affinity: 'cookie' }, { 'affinity-mode': 'persistent' }])('%p needs none', (affinity) => {
  expect(secretOf(instance('one').full(objectsOf(objects('5f3c', affinity))))).toBeUndefined()
})
