// `npm test`: all tests, then those against a cluster, which need a network namespace of their own. With arguments: `bun test` with them.
import { join } from 'node:path'

const TEST_MS = 20_000
const given = process.argv.slice(2)

async function run(...command: readonly string[]): Promise<number> {
  return Bun.spawn([process.execPath, ...command], { stdio: ['inherit', 'inherit', 'inherit'] }).exited
}

const codes = [await run('test', '--timeout', String(TEST_MS), ...given)]
if (given.length === 0) codes.push(await run(join(import.meta.dir, 'cluster', 'run.ts')))
process.exit(Math.max(...codes))
