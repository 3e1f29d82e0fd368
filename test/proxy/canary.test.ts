// Which of a route's backends gets a request: rules one by one, all together against a plain oracle, and how even chance is.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Alternative } from '../../src/model.ts'
import { chooser, evenDraws } from '../../src/proxy/canary.ts'

type Line = readonly [name: string, value: string]
const head = (...lines: readonly Line[]) => {
  const fields = (name: string) => lines.filter(([each]) => each.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
  return { fields, field: (name: string) => fields(name)[0] }
}
const alternative = (backend: string, rules: Partial<Alternative> = {}): Alternative => ({ backend, upstreamName: backend, weight: 0, total: 100, ...rules })
const everything = () => true
const chosen = (alternatives: readonly Alternative[], lines: readonly Line[], draw = 0) => chooser(alternatives)(head(...lines), draw, everything)?.backend ?? 'main'

describe('one canary', () => {
  const header = { name: 'X-Canary' }
  test.each<[string, Partial<Alternative>, readonly Line[], string]>([
    ['always', { header }, [['x-canary', 'always']], 'canary'],
    ['never, though chance says yes', { header, weight: 100 }, [['X-Canary', 'never']], 'main'],
    ['another value leaves it open', { header, weight: 100 }, [['X-Canary', 'Always']], 'canary'],
    ['another value, and nothing else decides', { header }, [['X-Canary', 'yes']], 'main'],
    ['two lines are one value', { header }, [['X-Canary', 'always'], ['X-Canary', 'always']], 'main'],
    ['the value', { header: { ...header, value: 'DoCanary' } }, [['X-Canary', 'DoCanary']], 'canary'],
    ['the value in another case', { header: { ...header, value: 'DoCanary' } }, [['X-Canary', 'docanary']], 'main'],
    ['with a value, always means nothing', { header: { ...header, value: 'DoCanary' } }, [['X-Canary', 'always']], 'main'],
    ['with a value, never means nothing', { header: { ...header, value: 'DoCanary' }, weight: 100 }, [['X-Canary', 'never']], 'canary'],
    ['the pattern, anywhere', { header: { ...header, pattern: 'v[23]' } }, [['X-Canary', 'api-v2-x']], 'canary'],
    ['no match leaves it open', { header: { ...header, pattern: '^v2$' }, weight: 100 }, [['X-Canary', 'v3']], 'canary'],
    ['a bad pattern refuses', { header: { ...header, pattern: '(' }, cookie: 'c', weight: 100 }, [['X-Canary', '('], ['Cookie', 'c=always']], 'main'],
    ['a bad pattern without the field', { header: { ...header, pattern: '(' }, weight: 100 }, [], 'canary'],
    ['the cookie', { cookie: 'try' }, [['Cookie', 'a=b; try=always; c=d']], 'canary'],
    ['the cookie refuses', { cookie: 'try', weight: 100 }, [['Cookie', 'try=never']], 'main'],
    ['the cookie in another case, on a second line', { cookie: 'Try' }, [['Cookie', 'a=b'], ['Cookie', 'TRY=always']], 'canary'],
    ['a cookie with a longer name', { cookie: 'try', weight: 100 }, [['Cookie', 'no-try=never; tryx=never']], 'canary'],
    ['the field goes before the cookie', { header, cookie: 'try' }, [['X-Canary', 'never'], ['Cookie', 'try=always']], 'main'],
    ['the cookie where the field left it open', { header, cookie: 'try' }, [['X-Canary', 'x'], ['Cookie', 'try=always']], 'canary'],
  ])('%s', (_, rules, lines, expected) => { expect(chosen([alternative('canary', rules)], lines)).toBe(expected) })
})

test('a canary without endpoints is passed over, its share goes to the main Service', () => {
  const choose = chooser([alternative('dead', { header: { name: 'x' }, weight: 50 }), alternative('alive', { header: { name: 'x' }, weight: 50 })])
  const serves = (backend: string) => backend === 'alive'
  expect(choose(head(['x', 'always']), 0, serves)?.backend).toBe('alive')
  expect(choose(head(), 0.1, serves)).toBeUndefined()
  expect(choose(head(), 0.6, serves)?.backend).toBe('alive')
})

describe('precedence', () => {
  const text = fc.constantFrom('always', 'never', 'v2', 'other')
  const header = fc.record(
    { name: fc.constantFrom('X-A', 'X-B'), value: fc.constantFrom('v2', 'other'), pattern: fc.constantFrom('v\\d', 'o', '(') }, { requiredKeys: ['name'] })
  const alternatives = fc.array(
    fc.record({ header, cookie: fc.constantFrom('ca', 'cb'), weight: fc.integer({ min: 0, max: 60 }) }, { requiredKeys: ['weight'] }), { maxLength: 3 })
  const request = fc.dictionary(fc.constantFrom('x-a', 'x-b', 'ca', 'cb'), text)
  type Rules = { readonly header?: { readonly name: string; readonly value?: string; readonly pattern?: string }; readonly cookie?: string; readonly weight: number }
  type Request = Readonly<Record<string, string>>

  /** ingress-nginx.md §4.8, step by step for one canary. */
  function says({ header: rule, cookie }: Rules, sent: Request): string {
    const field = rule === undefined ? undefined : sent[rule.name.toLowerCase()]
    if (rule !== undefined && field !== undefined) {
      if (rule.value !== undefined) { if (rule.value === field) return 'header' }
      else if (rule.pattern === '(') return 'refused'
      else if (rule.pattern !== undefined) { if (new RegExp(rule.pattern).test(field)) return 'header' }
      else if (field === 'always') return 'header'
      else if (field === 'never') return 'refused'
    }
    const crumb = cookie === undefined ? undefined : sent[cookie]
    return crumb === 'always' ? 'cookie' : crumb === 'never' ? 'refused' : 'chance'
  }

  type Case = { readonly all: readonly Rules[]; readonly up: readonly boolean[]; readonly sent: Request; readonly draw: number }
  /** Index of the canary that takes the request; -1: the main Service. */
  function oracle({ all, up, sent, draw }: Case): number {
    const said = all.map((rules, i) => (up[i] === true ? says(rules, sent) : 'down'))
    for (const reason of ['header', 'cookie']) if (said.includes(reason)) return said.indexOf(reason)
    let end = 0
    return all.findIndex(({ weight }, i) => {
      const from = end
      end += weight
      return said[i] === 'chance' && draw * 100 >= from && draw * 100 < end
    })
  }

  test('is that of a plain oracle, for any rules and requests', () => {
    const up = fc.array(fc.constantFrom(true, true, true, false), { minLength: 3, maxLength: 3 })
    const draws = fc.integer({ min: 0, max: 399 }).map((n) => (n + 0.5) / 400)
    fc.assert(fc.property(fc.record({ all: alternatives, up, sent: request, draw: draws }), (given) => {
      const { all, up: serving, sent, draw } = given
      const choose = chooser(all.map((rules, i) => alternative(String(i), rules)))
      const cookies = Object.entries(sent).filter(([name]) => name.startsWith('c')).map(([name, value]) => `${name}=${value}`)
      const fields = Object.entries(sent).filter(([name]) => name.startsWith('x'))
      const found = choose(head(...fields, ['Cookie', cookies.join('; ')]), draw, (backend) => serving[Number(backend)] === true)
      expect(found === undefined ? -1 : Number(found.backend)).toBe(oracle(given))
    }), { numRuns: 2_000 })
  })
})

describe('shares', () => {
  /** How far each is from its share, in requests, for the draws that `takes` lets through. */
  function deviation(weights: readonly number[], start: number, takes: (i: number) => boolean): number {
    const choose = chooser(weights.map((weight, i) => alternative(String(i), { weight })))
    const draw = evenDraws(start)
    const counts = weights.map(() => 0)
    let total = 0
    for (let i = 0; i < 10_000; i++) {
      const found = choose(head(), draw(), everything)
      if (!takes(i)) continue
      total++
      if (found !== undefined) counts[Number(found.backend)]! += 1
    }
    return Math.max(...weights.map((weight, i) => Math.abs(counts[i]! - total * weight / 100)))
  }
  const starts = fc.double({ min: 0, max: 0.999, noNaN: true })

  test('of 10,000 requests are within 0.2 % for any weights', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 33 }), { minLength: 1, maxLength: 3 }), starts, (weights, start) => {
      expect(deviation(weights, start, () => true)).toBeLessThan(20)
    }), { numRuns: 30 })
  })

  test('hold for a client that sends every second, third, … tenth request', () => {
    fc.assert(fc.property(fc.integer({ min: 2, max: 10 }), starts, (turns, start) => {
      expect(deviation([20, 20], start, (i) => i % turns === 0)).toBeLessThan(0.01 * 10_000 / turns)
    }), { numRuns: 20 })
  })

  test('weights that sum to the total leave the main Service nothing', () => {
    const choose = chooser([alternative('a', { weight: 70 }), alternative('b', { weight: 30 })])
    const draw = evenDraws()
    for (let i = 0; i < 1_000; i++) expect(choose(head(), draw(), everything)).toBeDefined()
  })
})
