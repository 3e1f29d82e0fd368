// The tests of some attacks: each in its shortest form against one program, held to the bounds of verdict.ts.
import { beforeAll, expect, test } from 'bun:test'
import { resources } from '../features/scene.ts'
import type { Attack, Transport } from './attack.ts'
import { type Measured, quiet } from './measure.ts'
import { Polite, warmUp } from './polite.ts'
import { scene } from './scene.ts'
import { trial } from './trial.ts'

/** What a p99 before is taken from. */
const QUIET_MS = 1_000

/** Defines a test for each. */
export function stood(attacks: readonly Attack[], transport: Transport = 'tls'): void {
  const keep = resources()
  let measured: Measured
  beforeAll(async () => {
    const place = await keep(scene())
    await warmUp(place)
    const polite = await keep(new Polite(place))
    measured = { scene: place, polite, before: await quiet(place.program, polite, QUIET_MS) }
  })
  test.each(attacks.map((attack) => [attack.name, attack] as const))('%s', async (_, attack) => {
    expect((await trial(attack, { transport, seconds: 0 }, measured)).complaints).toEqual([])
  })
}
