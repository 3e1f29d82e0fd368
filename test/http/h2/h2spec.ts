// `bun test/http/h2/h2spec.ts [--runs N] [TARGET…]`: runs h2spec, strictly, N times in a row against each target, as frames meet at other moments each
// time; prints a Markdown table, with the names of cases that failed. Exit 1 where one did; 0, with a word, where there is no Go to build h2spec.
import { parseArgs } from 'node:util'
import { h2spec, runStrict } from './h2spec-program.ts'
import { type Target, targets } from './h2spec-targets.ts'

const RUNS = '5'

const { values, positionals } = parseArgs({ allowPositionals: true, options: { runs: { type: 'string', default: RUNS } } })
const runs = Number(values.runs)
if (!Number.isInteger(runs) || runs < 1 || positionals.some((name) => !(name in targets))) {
  console.error(`usage: bun test/http/h2/h2spec.ts [--runs N] [TARGET…]\ntargets: ${Object.keys(targets).join(', ')}`)
  process.exit(2)
}

/** Cases that passed in all runs and in some, and how often each failed. */
const runAll = async (program: string, target: Target) => {
  const failures = new Map<string, number>()
  let cases = 0
  let whole = 0
  for (let run = 0; run < runs; run++) {
    const { passed, failed } = await runStrict(program, target)
    cases = passed.length + failed.length
    if (failed.length === 0) whole++
    for (const name of failed) failures.set(name, (failures.get(name) ?? 0) + 1)
  }
  return { cases, whole, failures }
}

const program = await h2spec()
if (program === null) {
  console.log('h2spec: skipped, there is no go to build it with')
  process.exit(0)
}
console.log('| target | cases | runs | runs without a failure | failed |\n| --- | --- | --- | --- | --- |')
let broken = false
for (const [name, open] of Object.entries(targets).filter(([name]) => positionals.length === 0 || positionals.includes(name))) {
  const target = await open()
  const { cases, whole, failures } = await runAll(program, target).finally(() => target.stop())
  console.log(`| ${name} | ${cases} | ${runs} | ${whole} | ${[...failures].map(([failed, times]) => `${failed} (${times})`).join('; ')} |`)
  broken ||= whole < runs
}
process.exit(broken ? 1 : 0)
