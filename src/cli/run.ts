// The commands beside serving: which there are, and what a run of one comes to. Each is loaded when it is asked for.
import { StartError } from '../kube/start-error.ts'
import { FlagError } from '../settings.ts'
import { nearest } from '../settings/nearest.ts'
import { type Command, type Given, helpOf, readCommand } from './command.ts'

const commands: Readonly<Record<string, () => Promise<Command>>> = {
  report: async () => (await import('./report.ts')).report,
  convert: async () => (await import('./convert.ts')).convert,
  explain: async () => (await import('./explain.ts')).explain,
  ready: async () => (await import('./ready.ts')).ready,
}

/** A command was meant and could not be carried out: no verdict of its own. */
const EXIT_USAGE = 2

export type Surroundings = Pick<Given, 'certificate'> & { readonly environment: Readonly<Record<string, string | undefined>> }

/** Resolves to the exit code. Throws FlagError. */
export async function runCommand([name = '', ...argv]: readonly string[], { environment, certificate }: Surroundings): Promise<number> {
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (load === undefined) throw new FlagError(unknown(name))
  const command = await load()
  // A reader that has seen enough, such as head, is no fault: the verdict stands.
  process.stdout.on('error', ignoreClosed)
  try {
    const given = readCommand(command, argv, environment)
    if (given !== null) return await command.run({ ...given, certificate })
    console.log(helpOf(command))
    return 0
  } catch (error) {
    if (!(error instanceof StartError || error instanceof FlagError)) throw error
    // Not console.error: it paints a terminal red.
    process.stderr.write(`lintel ${name}: ${error.message}\n`)
    return EXIT_USAGE
  }
}

function ignoreClosed(error: Error): void {
  if (!('code' in error) || error.code !== 'EPIPE') throw error
}

function unknown(name: string): string {
  const meant = nearest(name, Object.keys(commands))
  return `unknown command "${name}": ${meant === undefined ? `expected ${Object.keys(commands).join(', ')}, or flags alone to serve` : `did you mean ${meant}?`}`
}
