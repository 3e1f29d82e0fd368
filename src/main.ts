// The program's entry: command line in, running program out. Only this file knows where the workers' files are.
import { version } from '../package.json' with { type: 'json' }
import { FlagError, parseFlags } from './settings.ts'
import { exitCodes } from './settings/exit-codes.ts'
import { helpText } from './settings/flag-help.ts'
import { fakeCertificate } from './supervisor/fake-certificate.ts'
import { startProgram } from './supervisor/program.ts'

/** What people type who do not know yet that these are flags. */
const WORDS = ['help', 'version']

/** A compiled program has the workers' folder beside itself (bun.md §10), the sources have it beside theirs. */
const workers = new URL(Bun.isStandaloneExecutable ? './workers/' : '../workers/', import.meta.url)
const scripts = {
  watcher: new URL('watcher.ts', workers),
  proxy: new URL('proxy.ts', workers),
  certificate: new URL('certificate.ts', workers),
}

async function main(): Promise<void> {
  const argv = process.argv.slice(2)
  if (WORDS.includes(argv[0] ?? '')) argv[0] = `--${argv[0]}`
  if (argv[0] !== undefined && !argv[0].startsWith('-')) {
    const { runCommand } = await import('./cli/run.ts')
    process.exitCode = await runCommand(argv, { environment: process.env, certificate: () => fakeCertificate(scripts.certificate) })
    return
  }
  const { flags, warnings } = parseFlags(argv, process.env)
  if (flags.help) return console.log(helpText())
  if (flags.version) return console.log(`lintel ${version}`)
  await startProgram({ flags, warnings, version, scripts, environment: process.env })
}

try {
  await main()
} catch (error) {
  if (!(error instanceof FlagError)) throw error
  process.stderr.write(`lintel: ${error.message}\n`)
  process.exitCode = exitCodes.usage
}
