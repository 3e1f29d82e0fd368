// Which of several listeners of one port get new connections: as the kernel does it, on loopback.
import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { letIn, listeners, steer, turnAway } from '../../src/http/reuseport.ts'
import { resources } from '../features/scene.ts'
import { until } from '../support/until.ts'
import { Crowd } from './crowd-of-listeners.ts'

const CONNECTIONS = 60
const keep = resources()
const crowd = await keep(new Crowd())
await crowd.join(4)

/** Connections to the port in the state SYN_SENT. */
const unanswered = () => readFileSync('/proc/net/tcp', 'latin1').split(` 0100007F:${crowd.port.toString(16).toUpperCase().padStart(4, '0')} 02 `).length - 1

test('all that listen there are counted, and nobody else', async () => {
  const other = new Crowd()
  await other.join(1)
  expect([listeners(crowd.fd(0)), listeners(crowd.fd(3)), listeners(other.fd(0)), listeners(0)]).toEqual([4, 4, 1, 0])
  other.stop()
})

test('those that are named get new connections, whoever asks for it', async () => {
  expect(await crowd.takers()).toEqual([0, 1, 2, 3])
  expect(steer(crowd.fd(3), { first: 2, count: 2 })).toBe(true)
  expect(await crowd.takers()).toEqual([2, 3])
  expect(steer(crowd.fd(3), { first: 0, count: 2 })).toBe(true)
  expect(await crowd.takers()).toEqual([0, 1])
})

test('where nobody has the number, the kernel chooses', async () => {
  expect(steer(crowd.fd(0), { first: 9, count: 2 })).toBe(true)
  expect(await crowd.takers()).toEqual([0, 1, 2, 3])
})

test('a listener that turns away and closes: its clients come again, and others take them', async () => {
  expect(steer(crowd.fd(0), { first: 0, count: 1 })).toBe(true)
  expect(turnAway(crowd.fd(0))).toBe(true)
  const waiting = crowd.takers(CONNECTIONS)
  await until('their SYNs are out', () => unanswered() === CONNECTIONS)
  expect(steer(crowd.fd(1), { first: 1, count: 3 })).toBe(true)
  crowd.close(0)
  expect(await waiting).not.toContain(0)
})

test('a listener that turned away and lets in again takes those that were waiting', async () => {
  const alone = await keep(new Crowd())
  await alone.join(1)
  expect(turnAway(alone.fd(0))).toBe(true)
  const waiting = alone.takers(1)
  expect(letIn(alone.fd(0))).toBe(true)
  expect([await waiting, letIn(alone.fd(0))]).toEqual([[0], false])
})

test('a descriptor that is no socket is refused', () => {
  expect([steer(0, { first: 0, count: 1 }), turnAway(0), letIn(0)]).toEqual([false, false, false])
})
