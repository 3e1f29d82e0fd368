// A sample of the comparison with nginx and HAProxy, and proof that it can find something. `bun test/differential/run.ts` does 50,000.
import { describe, expect, test } from 'bun:test'
import { ask } from './ask.ts'
import { compare, isFinding, messages } from './compare.ts'
import { mutation } from './mutate.ts'
import { startOrigin } from './origin.ts'
import { startPeers } from './peers.ts'

const COUNT = 3_000
const fate = (served: number, odd = false) => ({ served, odd })

describe('what is a finding', () => {
  test('more served than by both', () => { expect(isFinding(fate(2), [fate(1), fate(0)])).toBe(true) })
  test('as much as by one of them is none', () => { expect(isFinding(fate(2), [fate(2), fate(0)])).toBe(false) })
  test('octets that a strict origin refuses, whatever others do', () => {
    expect(isFinding(fate(0, true), [fate(5), fate(5)])).toBe(true)
    expect(isFinding(fate(0, true), [])).toBe(true)
  })
})

test('a number gives the same mutation each time, and most change something', async () => {
  const all = await messages()
  const made = Array.from({ length: 500 }, (_, seed) => mutation(all, seed))
  expect(made).toEqual(Array.from({ length: 500 }, (_, seed) => mutation(all, seed)))
  expect(made.filter((message) => !all.includes(message)).length).toBeGreaterThan(450)
})

test('the peers serve plain messages, and refuse what is none', async () => {
  const origin = await startOrigin()
  const { peers } = await startPeers(origin.port)
  for (const peer of peers) {
    expect(await ask(peer.port, 'GET /a HTTP/1.1\r\nHost: h.test\r\n\r\n')).toEqual(fate(1))
    expect(await ask(peer.port, 'GET /a HTTP/1.1\r\nHost : h.test\r\n\r\n')).toEqual(fate(0))
    await peer.stop()
  }
  origin.close()
})

test('an origin that reads strictly calls odd what is odd', async () => {
  const origin = await startOrigin()
  expect(await ask(origin.port, 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n')).toEqual(fate(0, true))
  origin.close()
})

test(`${COUNT} mutations: nothing is served that both others refuse`, async () => {
  const { compared, served, findings, missing } = await compare({ from: 0, count: COUNT })
  for (const name of missing) console.log(`${name} is not installed: compared without it`)
  expect(findings).toEqual([])
  expect(compared).toBe(COUNT)
  expect(served).toBeGreaterThan(COUNT / 20)
}, 60_000)
