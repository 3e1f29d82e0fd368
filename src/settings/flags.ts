// The command line as checked values. Knows the rules between flags; the flags themselves stand in flag-table.ts.
import type { z } from 'zod'
import { FlagError, PortHeldError, readArgv } from './argv.ts'
import { type FlagInfo, flagInfo, flagSchema } from './flag-table.ts'
import { nearest } from './nearest.ts'

/**
 * One field for each flag, in camelCase. `namespace/name` or null for objects, ms for durations, seconds where ingress-nginx
 * takes whole seconds, 0 for `--workers` when it was not given.
 */
export type Flags = z.output<typeof flagSchema>
export { FlagError, PortHeldError }

/** Where a name has no namespace and POD_NAMESPACE is not set: Kubernetes' own default, which the manifests have too. */
const DEFAULT_NAMESPACE = 'default'

type Environment = Readonly<Record<string, string | undefined>>
type Given = { readonly [key: string]: string }

/** By name as on the command line. */
const infos = new Map(Object.entries(flagSchema.shape).map(([key, schema]) => [flagName(key), flagInfo.get(schema)]))

/** Throws FlagError. `warnings`: one line for each given flag that does nothing. */
export function parseFlags(argv: readonly string[], environment: Environment): { flags: Flags; warnings: string[] } {
  const given = givenFlags(argv, environment['POD_NAMESPACE'] ?? DEFAULT_NAMESPACE)
  const parsed = flagSchema.safeParse(given)
  if (!parsed.success) throw new FlagError(firstProblem(parsed.error, given))
  const flags = standalone(parsed.data, given)
  checkPairs(flags)
  return { flags, warnings: Object.keys(given).flatMap(warning) }
}

/** Of a flag by its name on the command line; undefined: there is none. */
export function infoOf(name: string): FlagInfo | undefined {
  return infos.get(name)
}

/** `httpPort` → `http-port`. */
export function flagName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

function flagKey(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}

function givenFlags(argv: readonly string[], namespace: string): Given {
  const given = readArgv(argv, isSwitch).map(({ name, value }) => [flagKey(name), inNamespace(name, value, namespace)])
  return Object.fromEntries(given)
}

function isSwitch(name: string): boolean {
  const info = infos.get(name)
  if (info !== undefined) return info.placeholder === ''
  const meant = nearest(name, infos.keys())
  throw new FlagError(`unknown flag --${name}: ${meant === undefined ? 'see --help' : `did you mean --${meant}?`}`)
}

function inNamespace(name: string, value: string, namespace: string): string {
  return infos.get(name)?.namespaced === true && value !== '' && !value.includes('/') ? `${namespace}/${value}` : value
}

function firstProblem(error: z.ZodError, given: Given): string {
  const [problem] = error.issues
  const key = String(problem?.path[0])
  return `--${flagName(key)}=${given[key] ?? ''}: ${problem?.message ?? 'not valid'}`
}

/** Whoever serves a folder wants what is in it: class names matter where several controllers share a cluster. */
function standalone(flags: Flags, given: Given): Flags {
  const everything = flags.manifests !== null && !('watchIngressWithoutClass' in given)
  return everything ? { ...flags, watchIngressWithoutClass: true } : flags
}

/** ingress-nginx.md §3, "Exclusive pairs", and ports: workers share theirs (reusePort), so that equal ones would not fail but mix. */
function checkPairs(flags: Flags): void {
  if (flags.httpPort === flags.httpsPort && flags.httpPort !== 0) {
    throw new FlagError(`--http-port and --https-port are both ${flags.httpPort}: give each its own`)
  }
  if (flags.publishService !== null && flags.publishStatusAddress.length > 0) {
    throw new FlagError('--publish-service and --publish-status-address exclude each other: give one of them')
  }
  if (flags.watchNamespace.length > 0 && flags.watchNamespaceSelector !== '') {
    throw new FlagError('--watch-namespace and --watch-namespace-selector exclude each other: give one of them')
  }
  if (flags.metricsPerUndefinedHost && !flags.metricsPerHost) {
    throw new FlagError('--metrics-per-undefined-host needs --metrics-per-host: give both or neither')
  }
}

function warning(key: string): string[] {
  const effect = infos.get(flagName(key))?.effect
  if (effect === undefined || effect === 'acts') return []
  return [`--${flagName(key)} is accepted but has no effect${effect === 'later' ? ' yet' : `: ${effect}`}`]
}
