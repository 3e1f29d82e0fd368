// An attack, and what is wrong with how it was stood. Waiting for a core is chance: what is only late is tried again.
import type { Attack } from './attack.ts'
import { type Cost, type How, type Measured, measure } from './measure.ts'
import { breaches, delays } from './verdict.ts'

/** A program that an attack holds up is late each time. */
const TRIES = 3

/** `complaints`: for people, none if the attack was stood. */
export async function trial(attack: Attack, how: How, measured: Measured): Promise<{ readonly cost: Cost; readonly complaints: readonly string[] }> {
  let cost = await measure(attack, how, measured)
  for (let tries = 1; tries < TRIES && breaches(cost).length === 0 && delays(cost).length > 0; tries++) cost = await measure(attack, how, measured)
  return { cost, complaints: [...breaches(cost), ...delays(cost)] }
}
