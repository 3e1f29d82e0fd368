// Which backend of a route gets a request: its own or one of its alternatives (ingress-nginx.md §4.8). Knows no endpoints.
import { cookieReader } from '../http/cookie.ts'
import type { ReceivedRequest } from '../http/message.ts'
import type { Alternative } from '../model.ts'

type Head = Pick<ReceivedRequest, 'field' | 'fields'>
/** take: this alternative, whatever chance says. refuse: not this one. open: something else decides. */
type Verdict = 'take' | 'refuse' | 'open'
type Rule = (request: Head) => Verdict
/** Chance chooses it for draws in from ≤ draw < to. */
type Candidate = { readonly alternative: Alternative; readonly header: Rule; readonly cookie: Rule; readonly from: number; readonly to: number }

/**
 * draw: from 0 to less than 1, one for each request, so that each alternative gets its share of all requests, not of what the others left. serves:
 * whether a backend has endpoints; one without is passed over, as if the rule were not there. undefined: the route's own backend.
 */
export type Choose = (request: Head, draw: number, serves: (backend: string) => boolean) => Alternative | undefined

/** The first whose header decides for it, else the first whose cookie does, else the one that the draw hits. */
export function chooser(alternatives: readonly Alternative[]): Choose {
  const candidates = candidatesOf(alternatives)
  return function choose(request, draw, serves) {
    let byCookie: Alternative | undefined
    let byChance: Alternative | undefined
    for (const { alternative, header, cookie, from, to } of candidates) {
      if (!serves(alternative.backend)) continue
      const byHeader = header(request)
      if (byHeader === 'take') return alternative
      if (byHeader === 'refuse') continue
      const verdict = cookie(request)
      if (verdict === 'take') byCookie ??= alternative
      else if (verdict === 'open' && draw >= from && draw < to) byChance = alternative
    }
    return byCookie ?? byChance
  }
}

/** The fraction of the golden ratio in 32 bits. */
const STEP = 0x9e37_79b9
const RANGE = 2 ** 32

/**
 * Draws for `chooser`, spread far more evenly than chance does: a Weyl sequence. A share holds within a few requests over any run of them, and over every
 * second, third, … one as well (a multiple of the step is as good a step), so that clients that take turns do not upset it. A random start
 * keeps workers, routes and new tables apart.
 */
export function evenDraws(start = Math.random()): () => number {
  let state = Math.floor(start * RANGE)
  return function draw() {
    state = (state + STEP) % RANGE
    return state / RANGE
  }
}

function candidatesOf(alternatives: readonly Alternative[]): Candidate[] {
  let taken = 0
  return alternatives.map((alternative) => {
    const from = taken
    taken += alternative.weight / alternative.total
    return { alternative, header: headerRule(alternative.header), cookie: cookieRule(alternative.cookie), from, to: taken }
  })
}

const open: Rule = () => 'open'

function headerRule(header: Alternative['header']): Rule {
  if (header === undefined) return open
  const verdict = valueRule(header)
  return function byHeader(request) {
    if (request.field(header.name) === undefined) return 'open'
    // nginx joins the lines of a field, so that two of them equal no single value.
    return verdict(request.fields(header.name).join(', '))
  }
}

function valueRule({ value, pattern }: NonNullable<Alternative['header']>): (text: string) => Verdict {
  if (value !== undefined) return (text) => (text === value ? 'take' : 'open')
  if (pattern === undefined) return alwaysOrNever
  const compiled = compile(pattern)
  return (text) => (compiled === null ? 'refuse' : compiled.test(text) ? 'take' : 'open')
}

/** null: no pattern that we can run; the table has it all the same, since it still refuses. */
function compile(pattern: string): RegExp | null {
  try {
    return new RegExp(pattern)
  } catch {
    return null
  }
}

function cookieRule(name: string | undefined): Rule {
  if (name === undefined) return open
  const read = cookieReader(name)
  return (request) => alwaysOrNever(read(request))
}

function alwaysOrNever(text: string | undefined): Verdict {
  return text === 'always' ? 'take' : text === 'never' ? 'refuse' : 'open'
}
