// Sticky clients: they stay while their endpoint does, move no more than the mode says, and their keys tell nothing.
import { describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { Sticky } from '../../../src/upstream/balance/sticky.ts'
import type { LiveEndpoint } from '../../../src/upstream/endpoint.ts'
import { Client, endpoints, request, shares, sources } from './scene.ts'

type Mode = 'balanced' | 'persistent'
const modes: Mode[] = ['balanced', 'persistent']
function over(mode: Mode, all: readonly LiveEndpoint[], secret = 'the uid of the Service') {
  const balancer = new Sticky({ persistent: mode === 'persistent', secret }, sources())
  balancer.set(all)
  return balancer
}
const ask = (balancer: Sticky, client: Client, tried: readonly LiveEndpoint[] = []) => balancer.pick(tried, request('', client))
const newClients = (count: number) => Array.from({ length: count }, () => new Client())

describe.each(modes)('%s', (mode) => {
  test('a client stays, and gets its key once', () => {
    const balancer = over(mode, endpoints(5))
    for (const client of newClients(50)) {
      const first = ask(balancer, client)
      for (let i = 0; i < 5; i++) expect(ask(balancer, client)).toBe(first!)
      expect(client.renewals).toBe(1)
    }
  })

  test('new clients are spread evenly', () => {
    const all = endpoints(6)
    const got = shares(over(mode, all), 60, () => request('', new Client()))
    expect(all.map((endpoint) => got.get(endpoint))).toEqual([10, 10, 10, 10, 10, 10])
  })

  test('another worker, and another instance, take a client to the same endpoint', () => {
    const here = over(mode, endpoints(7))
    const there = over(mode, endpoints(7).toReversed())
    for (const client of newClients(50)) expect(ask(here, client)?.name).toBe(ask(there, client)!.name)
  })

  test('a key has the form of a random one, whatever it stands for', () => {
    const balancer = over(mode, endpoints(3))
    for (const client of newClients(20)) {
      ask(balancer, client)
      expect(client.key).toMatch(/^[0-9a-f]{32}$/)
    }
  })

  test('a failed try goes elsewhere, the client returns', () => {
    const balancer = over(mode, endpoints(4))
    const client = new Client()
    const own = ask(balancer, client)!
    expect(ask(balancer, client, [own])).not.toBe(own)
    expect(client.renewals).toBe(1)
    expect(ask(balancer, client)).toBe(own)
  })

  test('with change-on-failure the client stays where it was answered', () => {
    const balancer = over(mode, endpoints(4))
    const client = new Client(true)
    const own = ask(balancer, client)!
    const other = ask(balancer, client, [own])!
    expect(other).not.toBe(own)
    expect(client.renewals).toBe(2)
    for (let i = 0; i < 5; i++) expect(ask(balancer, client)).toBe(other)
  })

  test('an endpoint that is gone or out: its clients move once and stay there, the others stay', () => {
    for (const leave of [(all: LiveEndpoint[]) => all.slice(1), (all: LiveEndpoint[]) => { all[0]!.available = false; return all }]) {
      const all = endpoints(5)
      const balancer = over(mode, all)
      const clients = newClients(100)
      const before = clients.map((client) => ask(balancer, client))
      balancer.set(leave([...all]))
      const after = clients.map((client) => ask(balancer, client))
      expect(after.every((endpoint, i) => endpoint !== all[0] && (before[i] === all[0] || endpoint === before[i]))).toBe(true)
      expect(clients.map((client) => ask(balancer, client))).toEqual(after)
    }
  })

  test('nothing is left: nothing is picked, and no key is given', () => {
    const all = endpoints(2)
    const client = new Client()
    expect(ask(over(mode, all), client, all)).toBeUndefined()
    expect(ask(over(mode, []), client)).toBeUndefined()
    expect(client.renewals).toBe(0)
  })

  test('a key that means nothing is replaced, or means an endpoint like any other', () => {
    const balancer = over(mode, endpoints(4))
    const client = new Client()
    client.key = 'f'.repeat(32)
    const first = ask(balancer, client)
    expect(first).toBeDefined()
    expect(ask(balancer, client)).toBe(first!)
  })
})

describe('scaling out', () => {
  const moves = (mode: Mode) => {
    const all = endpoints(5)
    const balancer = over(mode, all.slice(0, 4))
    const clients = newClients(1000)
    const before = clients.map((client) => ask(balancer, client))
    balancer.set(all)
    const after = clients.map((client) => ask(balancer, client))
    const moved = after.filter((endpoint, i) => endpoint !== before[i])
    return { moved: moved.length, onlyToTheNewcomer: moved.every((endpoint) => endpoint === all[4]), renewed: clients.some(({ renewals }) => renewals > 1) }
  }
  test('balanced: a fifth of the clients moves to a fifth endpoint, with the cookies they have', () => {
    const { moved, ...rest } = moves('balanced')
    expect(Math.abs(moved - 200)).toBeLessThan(60)
    expect(rest).toEqual({ onlyToTheNewcomer: true, renewed: false })
  })
  test('persistent: nobody moves', () => { expect(moves('persistent').moved).toBe(0) })
})

test('balanced: many endpoints do not make a key take long, and it is right all the same', () => {
  const balancer = over('balanced', endpoints(2000))
  for (const client of newClients(20)) {
    const first = ask(balancer, client)
    expect(ask(balancer, client)).toBe(first!)
  }
})

test('persistent: an address can not be found by hashing all of them, without the secret', () => {
  const [endpoint] = endpoints(1)
  const client = new Client()
  ask(over('persistent', [endpoint!]), client)
  const guesses = ['md5', 'sha1', 'sha256'].flatMap((hash) => ['', 'default/app', 'default/app:80', 'INGRESSCOOKIE'].flatMap((salt) =>
    [endpoint!.name, endpoint!.target.address].map((text) => createHash(hash).update(salt + text).digest('hex').slice(0, 32))))
  expect(guesses).not.toContain(client.key)
  const other = new Client()
  ask(over('persistent', [endpoint!], 'another secret'), other)
  expect(other.key).not.toBe(client.key)
})

test('requests of routes without affinity take turns', () => {
  const all = endpoints(3)
  expect(new Set(shares(over('balanced', all), 30).values())).toEqual(new Set([10]))
})
