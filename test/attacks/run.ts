// `bun test/attacks/run.ts [--seconds N] [--clear] [ATTACK…]`: attacks the program, each attack for N seconds (0: one round), and prints
// what it cost as a Markdown table. Exit 1 where a bound was broken.
import { parseArgs } from 'node:util'
import { attacks } from './attacks.ts'
import { quiet } from './measure.ts'
import { Polite, warmUp } from './polite.ts'
import { heading, row } from './report.ts'
import { scene } from './scene.ts'
import { trial } from './trial.ts'

/** What a p99 before is taken from. */
const QUIET_MS = 3_000

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '0' }, clear: { type: 'boolean', default: false } },
})
const unknown = positionals.find((name) => !attacks.some((attack) => attack.name === name))
if (unknown !== undefined || Number.isNaN(Number(values.seconds))) {
  console.error(`usage: bun test/attacks/run.ts [--seconds N] [--clear] [ATTACK…]\nattacks: ${attacks.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}

const place = await scene()
const polite = new Polite(place)
const chosen = attacks.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
const broken: string[] = []
try {
  await warmUp(place)
  console.log(heading)
  for (const attack of chosen) {
    const before = await quiet(place.program, polite, QUIET_MS)
    const { cost, complaints } = await trial(attack, { transport: values.clear ? 'clear' : 'tls', seconds: Number(values.seconds) }, { scene: place, polite, before })
    console.log(row(cost))
    broken.push(...complaints.map((complaint) => `${attack.name}: ${complaint}`))
  }
} finally {
  await polite.close()
  await place.stop()
}
if (broken.length > 0) console.log(`\n${broken.join('\n')}`)
process.exit(broken.length > 0 ? 1 : 0)
