// Names to addresses and TTLs, by a nameserver of our own and by the system.
import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test'
import { promises as dns } from 'node:dns'
import { resolver, type Resolve } from '../../src/watcher/dns.ts'
import { nameServer, type NameServer } from '../support/dns.ts'

let server: NameServer
let resolve: Resolve
let bySystem: string[]
beforeAll(async () => { server = await nameServer() })
afterAll(() => { server.close() })
beforeEach(() => {
  // One resolver for each test: they keep answers (bun.md §1.6).
  const nameservers = new dns.Resolver({ timeout: 100, tries: 1 })
  nameservers.setServers([server.address])
  bySystem = []
  resolve = resolver(nameservers, async (name) => { bySystem.push(name); return ['192.0.2.1'] })
  server.zone.clear()
  server.asked.length = 0
  server.silent = false
})

test('all A records, for the least of their TTLs', async () => {
  server.zone.set('api.example.test', { ttl: 30, a: ['10.0.0.1', '10.0.0.2'], aaaa: ['fd00::1'] })
  const { addresses, ttlMs } = await resolve('API.example.test.')
  expect([addresses.toSorted(), ttlMs]).toEqual([['10.0.0.1', '10.0.0.2'], 30_000])
  expect(server.asked).toEqual(['A api.example.test'])
})

test('AAAA records where there is no other', async () => {
  server.zone.set('six.example.test', { ttl: 5, aaaa: ['fd00::1:2'] })
  expect(await resolve('six.example.test')).toEqual({ addresses: ['fd00::1:2'], ttlMs: 5_000 })
  expect(bySystem).toEqual([])
})

test('what no nameserver knows goes to the system: search domains, /etc/hosts', async () => {
  expect(await resolve('web.prod')).toEqual({ addresses: ['192.0.2.1'], ttlMs: 5_000 })
  expect([server.asked, bySystem]).toEqual([['A web.prod', 'AAAA web.prod'], ['web.prod']])
})

test('a name without a dot goes there at once', async () => {
  await resolve('web')
  expect([server.asked, bySystem]).toEqual([[], ['web']])
})

test('a silent nameserver is not asked for AAAA: that would only take longer', async () => {
  server.zone.set('api.example.test', { ttl: 30, a: ['10.0.0.1'], aaaa: ['fd00::1'] })
  server.silent = true
  expect(await resolve('api.example.test')).toMatchObject({ addresses: ['192.0.2.1'] })
  expect(server.asked.some((question) => question.startsWith('AAAA'))).toBe(false)
})

test('the system knows localhost', async () => {
  expect((await resolver()('localhost')).addresses.some((address) => address === '127.0.0.1' || address === '::1')).toBe(true)
})

test('nobody knows the name: rejected', async () => {
  const nowhere = resolver({ resolve4: () => Promise.resolve([]), resolve6: () => Promise.resolve([]) }, () => Promise.reject(new Error('unknown')))
  expect(nowhere('api.example.test')).rejects.toThrow('unknown')
})
