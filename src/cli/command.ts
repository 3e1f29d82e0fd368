// A command beside serving: its line of words and flags, read and explained. Knows no command by name.
import type { Certificate } from '../model.ts'
import type { Flags } from '../settings.ts'
import { readArgv } from '../settings/argv.ts'
import { FlagError, flagName, infoOf, parseFlags } from '../settings/flags.ts'
import { nearest } from '../settings/nearest.ts'

/** placeholder: of the value. values: the only ones there are; the first is the default. */
export type Option = { readonly placeholder: string; readonly help: string; readonly values?: readonly string[] }
export type Command = {
  /** What stands behind `lintel` in the first line of the help. */
  readonly usage: string
  readonly about: string
  /** What it takes besides flags. */
  readonly operands: { readonly name: string; readonly count: 0 | 1 }
  readonly options: Readonly<Record<string, Option>>
  /** Flags of serving that it takes too, with other defaults for some. */
  readonly serving: readonly (keyof Flags)[]
  readonly presets: readonly string[]
  /** Resolves to the exit code. Throws FlagError or StartError where it can't be done. */
  run(given: Given): Promise<number>
}
/** certificate: the one for names that have none of their own; made when it is asked for. */
export type Given = { readonly operand: string; readonly options: ReadonlyMap<string, string>; readonly flags: Flags; readonly certificate: () => Promise<Certificate> }
type Environment = Readonly<Record<string, string | undefined>>

/** null: its help is asked for. Throws FlagError. */
export function readCommand(command: Command, argv: readonly string[], environment: Environment): Omit<Given, 'certificate'> | null {
  const { options, operands, presets } = command
  const words: string[] = []
  const given = readArgv(argv, (name) => isSwitch(command, name), (word) => { words.push(word) })
  if (given.some(({ name }) => isHelp(name))) return null
  if (words.length !== operands.count) throw new FlagError(`${wrongCount(command, words)}; see --help`)
  const own = given.filter(({ name }) => Object.hasOwn(options, name))
  for (const { name, value } of own) requireKnown(name, value, options[name]?.values)
  const serving = given.filter(({ name }) => !Object.hasOwn(options, name)).map(({ name, value }) => `--${name}=${value}`)
  const { flags } = parseFlags([...presets, ...serving], environment)
  return { operand: words[0] ?? '', options: new Map(own.map(({ name, value }) => [name, value])), flags }
}

/** The text of `lintel COMMAND --help`. */
export function helpOf({ usage, about, options, serving, presets }: Command): string {
  const own = Object.entries(options).map(([name, { placeholder, help, values }]) =>
    flagLines({ name, placeholder, help, preset: values?.[0] ?? '' }))
  const taken = serving.map((key) => {
    const { help = '', placeholder = '', default: usual = '' } = infoOf(flagName(key)) ?? {}
    const preset = presets.find((text) => text.startsWith(`--${flagName(key)}=`))?.replace(/^[^=]*=/, '') ?? usual
    return flagLines({ name: flagName(key), placeholder, help, preset })
  })
  return [`Usage: lintel ${usage}`, '', about, '', 'Flags:', ...own, ...taken].join('\n')
}

function flagLines({ name, placeholder, help, preset }: { readonly name: string; readonly placeholder: string; readonly help: string; readonly preset: string }): string {
  const shown = preset === '' || preset === 'false' ? '' : ` (default ${preset})`
  return `  --${name}${placeholder === '' ? '' : `=${placeholder}`}\n      ${help}${shown}`
}

function isSwitch(command: Command, name: string): boolean {
  const own = Object.hasOwn(command.options, name) ? command.options[name] : undefined
  if (own !== undefined) return own.placeholder === ''
  const names = command.serving.map(flagName)
  if (isHelp(name)) return true
  if (names.includes(name)) return infoOf(name)?.placeholder === ''
  const meant = nearest(name, [...Object.keys(command.options), ...names])
  throw new FlagError(`unknown flag --${name}: ${meant === undefined ? 'see --help' : `did you mean --${meant}?`}`)
}

function isHelp(name: string): boolean {
  return name === 'help' || name === 'h'
}

function wrongCount({ operands: { name, count } }: Command, words: readonly string[]): string {
  if (count === 0) return `unexpected argument "${words[0]}"`
  return words.length === 0 ? `${name} is missing` : `one ${name} at a time: "${words[1]}" is too many`
}

function requireKnown(name: string, value: string, values: readonly string[] | undefined): void {
  if (values !== undefined && !values.includes(value)) throw new FlagError(`--${name}=${value}: expected ${values.join(' or ')}`)
}
