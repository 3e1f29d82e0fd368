// The command: bun test/cases/run.ts FILE.yaml [--only ID,…] [--feature F,…] [--lenient] [--command 'WORDS'] [--verbose]
import { parseArgs } from 'node:util'
import { loadCases, runCases, select } from './cases.ts'
import { report, summary } from './outcome.ts'

const USAGE = `usage: bun test/cases/run.ts FILE.yaml [--only ID,…] [--feature F,…] [--lenient] [--command 'WORDS'] [--verbose]
  --lenient   an outcome listed as also_ok passes, and is counted
  --command   what to start in place of 'bun src/main.ts'
  --verbose   name the cases that passed too`

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string' },
      feature: { type: 'string' },
      lenient: { type: 'boolean' },
      command: { type: 'string' },
      verbose: { type: 'boolean' },
    },
  })
  const [path] = positionals
  if (path === undefined || positionals.length > 1) throw new Error(USAGE)
  const list = (text: string | undefined) => text?.split(',').filter((item) => item !== '') ?? []
  const chosen = select(await loadCases(path), { only: list(values.only), features: list(values.feature) })
  const unknown = list(values.only).filter((id) => !chosen.cases.some((given) => ('id' in given ? given.id : given.name) === id))
  if (unknown.length > 0)
    throw new Error(`${path} has no case ${unknown.join(', ')}${values.feature ? ` with feature ${values.feature}` : ''}`)
  const results = await runCases(chosen, {
    lenient: values.lenient ?? false,
    ...(values.command !== undefined && { command: values.command.split(' ') }),
    onResult: (result) => {
      if (values.verbose || result.outcome !== 'passed') console.log(report(result))
    },
  })
  console.log(summary(results))
  return results.some(({ outcome }) => outcome === 'failed') ? 1 : 0
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 2
}
