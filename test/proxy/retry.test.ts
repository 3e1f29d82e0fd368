// What may be sent twice: only what can't have been acted on, or what changes nothing when repeated (RFC 9110 §9.2.2), and then as
// proxy-next-upstream says. Whole courses of requests are compared with an oracle that has the rules in other words.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { RetryCondition, RetryPolicy } from '../../src/model.ts'
import { type Asked, course, type Outcome, type Scripted, type Try } from './forwarding.ts'

const FOUR: RetryPolicy = { on: ['error', 'timeout'], tries: 3, timeoutMs: 0 }
const doing = (outcome: Outcome, more: Partial<Scripted> = {}): Scripted => ({ outcome, stale: false, standing: true, ...more })
const asked = (more: Partial<Asked>): Asked => ({ method: 'GET', policy: FOUR, first: '', rest: [], endpoints: [], ...more })
const outcomes = (tries: readonly Try[]) => tries.map(({ outcome }) => outcome)
const all = (outcome: Outcome, times = 4) => Array.from({ length: times }, () => doing(outcome))

describe('by method', () => {
  test.each([
    ['GET', 'refused', 3], ['POST', 'refused', 3], ['BREW', 'refused', 3], ['POST', 'unprocessed', 3],
    ['GET', 'reset', 3], ['DELETE', 'reset', 3], ['PUT', 'reset', 3], ['POST', 'reset', 1], ['LOCK', 'reset', 1], ['PATCH', 'reset', 1], ['BREW', 'reset', 1],
    ['GET', 'late', 3], ['POST', 'late', 1], ['GET', 'garbage', 1],
  ] as const)('%s, %s by all: %i tries', (method, outcome, tries) => {
    expect(course(asked({ method, endpoints: all(outcome) })).tries).toHaveLength(tries)
  })
  test.each([['GET', 2], ['HEAD', 2], ['POST', 1], ['PATCH', 1]] as const)('%s on an idle connection that was closed: sent %i times, on a fresh one of the same endpoint', (method, times) => {
    const { tries } = course(asked({ method, endpoints: [doing(200, { stale: true })] }))
    expect(tries.map(({ fresh }) => fresh)).toEqual([false, true].slice(0, times))
  })
  test('a request that can\'t be repeated asks for a connection that will not be closed', () => {
    const asks = (more: Partial<Asked>) => course(asked({ endpoints: all(200), ...more })).tries[0]?.repeatable
    expect([asks({}), asks({ method: 'POST' }), asks({ method: 'PUT', first: 'x' }), asks({ method: 'PUT', rest: ['x'.repeat(20_000)] })]).toEqual([true, false, true, false])
  })
})

describe('by policy', () => {
  const policy = (...on: RetryCondition[]): RetryPolicy => ({ ...FOUR, on })
  test.each([
    [policy(), 'refused', 1], [policy('timeout'), 'refused', 1], [policy('error'), 'late', 1], [policy('invalid_header'), 'garbage', 3],
    [policy('http_503'), 503, 3], [policy('http_503'), 502, 1], [policy('error'), 503, 1], [policy('http_404', 'http_429'), 429, 3],
    [{ ...FOUR, tries: 1 }, 'refused', 1], [{ ...FOUR, tries: 0 }, 'refused', 4], [{ ...FOUR, tries: 9 }, 'refused', 4],
  ] as const)('%j, %p by all: %i tries', (rules, outcome, tries) => {
    expect(course(asked({ policy: rules, endpoints: all(outcome) })).tries).toHaveLength(tries)
  })
  test('non_idempotent: POST too, with its body', () => {
    const { tries, status } = course(asked({ method: 'POST', policy: policy('error', 'non_idempotent'), first: 'one ', rest: ['two ', 'three'], endpoints: all('reset') }))
    expect([tries.map(({ body }) => body), status]).toEqual([['one two three', 'one two three', 'one two three'], 502])
  })
  test('the last answer is passed on as it is', () => {
    expect(course(asked({ policy: policy('http_503'), endpoints: all(503) }))).toMatchObject({ status: 503, reason: '', answers: 1 })
  })
})

const KEPT = 16_384
const unread = new Set<Outcome | 'stale'>(['refused', 'unprocessed'])
const conditions: Readonly<Record<string, RetryCondition>> = { refused: 'error', unprocessed: 'error', stale: 'error', reset: 'error', late: 'timeout', garbage: 'invalid_header' }
const REPEATABLE = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PROPFIND']

/** What comes of a try: another one at the same endpoint, at another one, or none. */
function expectedNext({ method, policy, rest, endpoints }: Asked, tries: readonly Try[]): 'same' | 'other' | 'end' {
  const last = tries.at(-1)!
  const visited = new Set(tries.map(({ endpoint }) => endpoint))
  const repeats = REPEATABLE.includes(method) || policy.on.includes('non_idempotent')
  // Octets behind the head have gone as soon as one connection stood.
  const sent = tries.some(({ endpoint, outcome }) => outcome !== 'refused' || endpoints[endpoint]?.standing === true)
  const keeps = !sent || rest.join('').length <= KEPT
  if (last.outcome === 'stale' && repeats && keeps) return 'same'
  const condition = typeof last.outcome === 'number' ? `http_${last.outcome}` : conditions[last.outcome]
  const wanted = policy.on.some((one) => one === condition) && (policy.tries === 0 || visited.size < policy.tries)
  return wanted && keeps && (repeats || unread.has(last.outcome)) && visited.size < endpoints.length ? 'other' : 'end'
}

const outcome = fc.constantFrom<Outcome>('refused', 'unprocessed', 'reset', 'late', 'garbage', 200, 404, 500, 502, 503)
const endpoint = fc.record({ outcome, stale: fc.boolean(), standing: fc.boolean() })
const policy = fc.record({
  on: fc.uniqueArray(fc.constantFrom<RetryCondition>('error', 'timeout', 'invalid_header', 'non_idempotent', 'http_500', 'http_503', 'http_404')),
  tries: fc.nat(5), timeoutMs: fc.constant(0),
})
const part = fc.integer({ min: 1, max: 9_000 }).map((size) => 'x'.repeat(size))
const anyRequest: fc.Arbitrary<Asked> = fc.record({
  method: fc.constantFrom('GET', 'PUT', 'POST', 'PATCH', 'BREW'), policy, first: fc.constantFrom('', 'first'), rest: fc.array(part, { maxLength: 3 }),
  endpoints: fc.array(endpoint, { minLength: 1, maxLength: 6 }),
})

test('whatever the request, the rules and the endpoints: each try and no other that the rules have', () => {
  fc.assert(fc.property(anyRequest, (request) => {
    const { tries, status, answers } = course(request)
    const whole = request.first + request.rest.join('')
    tries.forEach((each, i) => {
      const next = tries[i + 1]
      const visited = tries.slice(0, i + 1).map(({ endpoint: index }) => index)
      const came = next === undefined ? 'end' : next.fresh && next.endpoint === each.endpoint ? 'same' : visited.includes(next.endpoint) ? 'again' : 'other'
      expect(came).toBe(expectedNext(request, tries.slice(0, i + 1)))
      if (each.outcome !== 'refused') expect([each.body === whole, each.whole]).toEqual([true, true])
    })
    const last = tries.at(-1)!.outcome
    expect([answers, status]).toEqual([1, typeof last === 'number' ? last : last === 'late' ? 504 : 502])
    if (!REPEATABLE.includes(request.method) && !request.policy.on.includes('non_idempotent')) expect(outcomes(tries).filter((each) => !unread.has(each)).length).toBeLessThanOrEqual(1)
  }), { numRuns: 2_000 })
})
