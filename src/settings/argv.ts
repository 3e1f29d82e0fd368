// Splits a command line into flag names and raw values, by the rules of Go's flag packages. Knows no flag by name.

/** A command line that can't be used. `message` is one line that names the flag and the remedy. */
export class FlagError extends Error {
  override readonly name = 'FlagError'
}

/** The flag is right, but another program has its port. */
export class PortHeldError extends FlagError {}

/** One flag as written. A bare switch has the value `true`. */
export type GivenFlag = { readonly name: string; readonly value: string }

/**
 * `-name` and `--name` are the same; a value follows after `=` or as the next argument, except for switches, which stand alone.
 * `isSwitch` throws for a name that is no flag: what follows an unknown one can't be read. `operand` gets what is no flag, `-` too.
 */
export function readArgv(argv: readonly string[], isSwitch: (name: string) => boolean, operand: (argument: string) => void = refuse): GivenFlag[] {
  const given: GivenFlag[] = []
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] ?? ''
    const [, name, inline] = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(argument) ?? []
    if (name === undefined) {
      operand(argument)
      continue
    }
    const alone = isSwitch(name)
    const value = inline ?? (alone ? 'true' : argv[++index])
    if (value === undefined) throw new FlagError(`--${name} needs a value: write --${name}=VALUE`)
    given.push({ name, value })
  }
  return given
}

function refuse(argument: string): never {
  throw new FlagError(`unexpected argument "${argument}": write flags as --flag=value`)
}
