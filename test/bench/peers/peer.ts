// A proxy under measurement: what it is told (a plan), and how a plan becomes a process on the proxies' core. Knows no proxy.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { accepts, freePort } from '../../support/ports.ts'
import { until } from '../../support/until.ts'
import { startChild } from '../child.ts'
import type { Setup } from '../setup.ts'
import type { Site } from '../site.ts'

/** port: where clients come. folder: the proxy's own; files of the setup are in `shared`. */
export type Place = Pick<Setup, 'originPort' | 'pair'> & { readonly site: Site; readonly port: number; readonly folder: string; readonly shared: string }

export type Plan = {
  /** By their names in the proxy's folder. */
  readonly files: Readonly<Record<string, string>>
  /** Runs in the proxy's folder; its output goes to files there. */
  readonly command: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export type PeerKind = {
  /** What must be installed for it (tools.ts). */
  readonly tool: string | null
  plan(place: Place): Plan
  /** Makes newHost(n) and the n - 1 before it live beside the others while it runs; undefined: it can't. */
  readonly change?: (place: Place, running: { readonly pid: number; readonly n: number }) => void | Promise<void>
}

/** pid: of the process whose CPU counts, with its children. */
export type Peer = {
  readonly place: Place
  readonly port: number
  readonly pid: number
  /** By performance.now(). */
  readonly startedAt: number
  stop(): Promise<void>
}

export const proxyCore = 0
/** No limit, for those who need a number. */
export const UNLIMITED = '100000000'
/** Idle connections to the origin where a proxy bounds them: one for each client of the largest crowd, or what is measured is how they come and go. */
export const KEPT = 1_024
/** Connections that rest are not closed while they are measured. */
export const IDLE_SECONDS = 3600
/** Of the access log of those that write one into a file. */
export const LOG_FILE = 'access.log'
const OUTPUT = 'stdout'
const ERRORS = 'stderr'

/** 5,000 hosts are read in much less, on a machine that others use too. */
const START_MS = 60_000

export const placeFor = ({ setup, site, name }: { readonly setup: Setup; readonly site: Site; readonly name: string }): Place => {
  const folder = join(setup.folder, name.replaceAll(/\W+/g, '-'))
  mkdirSync(folder, { recursive: true })
  return { originPort: setup.originPort, pair: setup.pair, shared: setup.folder, site, port: freePort(), folder }
}

export const put = (folder: string, files: Plan['files']) => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
}

/** Resolves when it accepts connections; rejects with what it said where it ended before. prefix: a command that runs it. */
export const launch = async (plan: Plan, place: Place, prefix: readonly string[] = []): Promise<Peer> => {
  const { folder, port } = place
  put(folder, plan.files)
  const startedAt = performance.now()
  const child = startChild([...prefix, 'taskset', '-c', `${proxyCore}`, ...plan.command], {
    cwd: folder, stdout: join(folder, OUTPUT), stderr: join(folder, ERRORS), ...(plan.env !== undefined && { env: plan.env }),
  })
  const listening = await until('it accepts connections', async () => await accepts(port) ? 'yes' : child.ended() && 'ended', START_MS).catch(() => 'late')
  if (listening === 'yes') return { place, port, pid: child.pid, startedAt, stop: child.stop }
  await child.stop()
  throw new Error(`${listening === 'late' ? 'did not listen in time' : 'ended'}: ${lastLine(join(folder, ERRORS)) || lastLine(join(folder, OUTPUT)) || 'without a word'}`)
}

const lastLine = (file: string) => readFileSync(file, 'utf8').trim().split('\n').at(-1) ?? ''
