// Who may go, who waits and who is refused; and that no order of comings and goings passes a limit or forgets somebody who waits.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { ProxyError } from '../../src/http/message.ts'
import type { Limits } from '../../src/model.ts'
import { Admission, type Applicant } from '../../src/upstream/admission.ts'
import { LiveEndpoint } from '../../src/upstream/endpoint.ts'

const endpoints = (count: number) => Array.from({ length: count }, (_, i) => new LiveEndpoint(String(i), { address: '10.0.0.1', port: i, tls: null, protocol: 'h1' }))
type Outcome = 'placed' | 'waits' | 'left' | string

class Scene {
  readonly endpoints: LiveEndpoint[]
  readonly admission: Admission
  readonly order: number[] = []
  /** What became of each request, and where it is. */
  readonly outcomes: Outcome[] = []
  readonly #places: (LiveEndpoint | null)[] = []
  readonly #applicants: Applicant[] = []

  constructor(limits: Partial<Limits>, count = 1, workers = 1) {
    const admission = Admission.of({ connections: 0, requests: 0, pending: 0, ...limits }, workers)
    if (admission === null) throw new Error('no limits')
    this.admission = admission
    this.endpoints = endpoints(count)
    admission.update(this.endpoints)
  }
  enter(): number {
    const id = this.outcomes.length
    const applicant: Applicant = {
      pick: (full) => this.endpoints.find((endpoint) => !full.includes(endpoint)),
      admitted: (endpoint) => this.#place(id, endpoint),
    }
    this.#applicants.push(applicant)
    try {
      const place = this.admission.enter(applicant, this.endpoints[0]!)
      this.outcomes.push('waits')
      if (place !== null) this.#place(id, place)
    } catch (error) {
      this.outcomes.push(error instanceof ProxyError ? error.code : String(error))
    }
    return id
  }
  #place(id: number, endpoint: LiveEndpoint) {
    endpoint.began()
    this.outcomes[id] = 'placed'
    this.order.push(id)
    this.#places[id] = endpoint
  }
  leave(id: number) {
    if (this.outcomes[id] === 'waits') this.admission.withdraw(this.#applicants[id]!)
    if (this.outcomes[id] === 'placed') {
      this.#places[id]?.ended({ status: 200, headMs: 1, error: '' })
      this.admission.leave()
    }
    this.outcomes[id] = 'left'
  }
  count(outcome: Outcome) { return this.outcomes.filter((each) => each === outcome).length }
}

describe('limits', () => {
  test('none: no admission', () => { expect(Admission.of({ connections: 0, requests: 0, pending: 9 }, 1)).toBeNull() })
  test('max-requests', () => {
    const scene = new Scene({ requests: 2 }, 3)
    for (let i = 0; i < 3; i++) scene.enter()
    expect(scene.outcomes).toEqual(['placed', 'placed', 'limit_requests'])
    scene.leave(0)
    scene.enter()
    expect(scene.outcomes[3]).toBe('placed')
  })
  test('max-connections: another endpoint with room takes what the chosen one has none for', () => {
    const scene = new Scene({ connections: 1 }, 2)
    for (let i = 0; i < 3; i++) scene.enter()
    expect([scene.outcomes, scene.endpoints.map(({ active }) => active)]).toEqual([['placed', 'placed', 'limit_requests'], [1, 1]])
  })
  test('max-pending: in the order in which they came, without those who left', async () => {
    const scene = new Scene({ requests: 1, pending: 3 })
    for (let i = 0; i < 5; i++) scene.enter()
    expect(scene.outcomes).toEqual(['placed', 'waits', 'waits', 'waits', 'limit_pending'])
    scene.leave(2)
    for (const id of [0, 1]) {
      scene.leave(id)
      await Promise.resolve()
    }
    expect(scene.order).toEqual([0, 1, 3])
  })
  test('an endpoint that comes serves who waits', async () => {
    const scene = new Scene({ connections: 1, pending: 1 })
    for (let i = 0; i < 2; i++) scene.enter()
    scene.endpoints.push(...endpoints(2).slice(1))
    scene.admission.update(scene.endpoints)
    await Promise.resolve()
    expect(scene.outcomes).toEqual(['placed', 'placed'])
  })
  test('shared out among workers, rounded up', () => {
    const scene = new Scene({ requests: 5, pending: 1 }, 1, 4)
    for (let i = 0; i < 4; i++) scene.enter()
    expect(scene.outcomes).toEqual(['placed', 'placed', 'waits', 'limit_pending'])
  })
})

const limits = fc.record({ connections: fc.nat(3), requests: fc.nat(5), pending: fc.nat(4) }).filter(({ connections, requests }) => connections + requests > 0)
test('any order: no limit is passed, nobody waits beside a free place, nobody overtakes', () =>
  fc.assert(fc.asyncProperty(limits, fc.integer({ min: 1, max: 3 }), fc.array(fc.oneof(fc.constant('enter' as const), fc.nat(30)), { maxLength: 60 }), async (limit, count, steps) => {
    const scene = new Scene(limit, count)
    const most = Math.min(limit.requests || Infinity, limit.connections === 0 ? Infinity : limit.connections * count)
    for (const step of steps) {
      if (step === 'enter') scene.enter()
      else if (step < scene.outcomes.length) scene.leave(step)
      await Promise.resolve()
      const placed = scene.count('placed')
      expect(placed).toBeLessThanOrEqual(most)
      expect(scene.count('waits')).toBeLessThanOrEqual(limit.pending)
      if (scene.count('waits') > 0) expect(placed).toBe(most)
      if (limit.connections > 0) for (const { active } of scene.endpoints) expect(active).toBeLessThanOrEqual(limit.connections)
    }
    expect(scene.order).toEqual(scene.order.toSorted((a, b) => a - b))
  }), { numRuns: 300 }))
