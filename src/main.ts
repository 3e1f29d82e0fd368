// The program's entry: command line in, running program out. Only this file knows where the workers' files are.
import { FlagError, parseFlags } from './settings.ts'
import { helpText } from './settings/flag-help.ts'
import { startProgram } from './supervisor/program.ts'

const EXIT_USAGE = 2

const scripts = {
  watcher: new URL('../workers/watcher.ts', import.meta.url),
  proxy: new URL('../workers/proxy.ts', import.meta.url),
  certificate: new URL('../workers/certificate.ts', import.meta.url),
}

async function main(): Promise<void> {
  const { flags, warnings } = parseFlags(process.argv.slice(2), process.env)
  if (flags.help) return console.log(helpText())
  const { version } = await Bun.file(new URL('../package.json', import.meta.url)).json()
  if (flags.version) return console.log(`lintel ${version}`)
  await startProgram({ flags, warnings, version, scripts, environment: process.env })
}

try {
  await main()
} catch (error) {
  if (!(error instanceof FlagError)) throw error
  console.error(`lintel: ${error.message}`)
  process.exitCode = EXIT_USAGE
}
