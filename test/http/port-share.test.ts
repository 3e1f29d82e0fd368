// Two programs that follow each other on a port, and one that wants fewer listeners: who gets new connections at every step.
import { describe, expect, test } from 'bun:test'
import { claim, leave } from '../../src/http/port-share.ts'
import { Crowd } from './crowd-of-listeners.ts'

/** Far below the second after which a client that was turned away comes again. */
const NOBODY_WAITED_MS = 700

async function takersInTime(crowd: Crowd): Promise<number[]> {
  const from = performance.now()
  const takers = await crowd.takers()
  expect(performance.now() - from).toBeLessThan(NOBODY_WAITED_MS)
  return takers
}

describe.each([[1, 1], [2, 2], [2, 3], [3, 3], [2, 5]])('%i listeners and the %i of a successor', (old, fresh) => {
  test('the successor gets nothing before it claims, everything afterwards, and at each step of the old ones\' end', async () => {
    const crowd = new Crowd()
    const olds = await crowd.join(old)
    expect(claim(crowd.fd(0), { own: old, takeOver: true })).toBe('alone')
    const news = await crowd.join(fresh)
    expect(claim(crowd.fd(0), { own: old, takeOver: false })).toBe('shared')
    expect(await crowd.takers()).toEqual(olds)

    expect(claim(crowd.fd(old), { own: fresh, takeOver: true })).toBe('shared')
    expect(await crowd.takers()).toEqual(news)
    for (const number of olds) leave(crowd.fd(number), { leaving: old, staying: 0 })
    for (const number of olds) {
      crowd.close(number)
      expect(news).toEqual(expect.arrayContaining(await takersInTime(crowd)))
    }

    expect(claim(crowd.fd(old), { own: fresh, takeOver: false })).toBe('alone')
    await crowd.join(2)
    expect(await crowd.takers()).toEqual(news)
    crowd.stop()
  })
})

test('a successor with fewer listeners has everything in the end', async () => {
  const crowd = new Crowd()
  const olds = await crowd.join(3)
  await crowd.join(1)
  claim(crowd.fd(3), { own: 1, takeOver: true })
  for (const number of olds) leave(crowd.fd(number), { leaving: 3, staying: 0 })
  crowd.close(0)
  const taking = crowd.takers()
  crowd.close(1, 2)
  expect(await taking).toEqual([3])
  crowd.stop()
})

test('a program that wants fewer: those that stay get everything', async () => {
  const crowd = new Crowd()
  await crowd.join(4)
  claim(crowd.fd(0), { own: 4, takeOver: true })
  for (const number of [2, 3]) leave(crowd.fd(number), { leaving: 2, staying: 2 })
  expect(await takersInTime(crowd)).toEqual([0, 1])
  crowd.close(2)
  expect(await takersInTime(crowd)).toEqual([0, 1])
  crowd.stop()
})

test('the last program on a port accepts to its end', async () => {
  const crowd = new Crowd()
  await crowd.join(2)
  claim(crowd.fd(0), { own: 2, takeOver: true })
  for (const number of [0, 1]) leave(crowd.fd(number), { leaving: 2, staying: 0 })
  expect(await takersInTime(crowd)).toEqual([0, 1])
  crowd.stop()
})
