// Accept-Encoding (RFC 9110 §12.5.3): which of the codings that we offer a client likes best. Knows no answers.
import type { Coding } from '../../settings.ts'

/** What is not written as the RFC has it counts as not accepted: a client is never sent what it may not read. */
const WEIGHT = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/i

/** null: the answer goes as it is. Of codings that it likes equally the first offered. */
export const preferred = (acceptEncoding: string, offered: readonly Coding[]): Coding | null => {
  if (acceptEncoding === '') return null
  const weights = weightsOf(acceptEncoding)
  // Only one that says so prefers the answer as it is; that it may be acceptable is no wish (RFC 9110 §12.5.3).
  let best = weights.get('identity') ?? 0
  let chosen: Coding | null = null
  for (const coding of offered) {
    const weight = weights.get(coding) ?? weights.get('*') ?? 0
    if (weight > best || (weight === best && weight > 0 && chosen === null)) { best = weight; chosen = coding }
  }
  return chosen
}

const weightsOf = (acceptEncoding: string): ReadonlyMap<string, number> => {
  const weights = new Map<string, number>()
  for (const member of acceptEncoding.toLowerCase().split(',')) {
    const [name = '', ...parameters] = member.split(';')
    const coding = name.trim()
    weights.set(coding === 'x-gzip' ? 'gzip' : coding, weightOf(parameters))
  }
  return weights
}

const weightOf = (parameters: readonly string[]): number => {
  const [parameter, ...more] = parameters
  if (parameter === undefined) return 1
  const [, weight] = WEIGHT.exec(parameter.trim()) ?? []
  return weight === undefined || more.length > 0 ? 0 : Number(weight)
}
