// What main counts and knows, as the text of /metrics: the workers' reports and the state of the program itself.
import type { Flags } from '../settings.ts'
import { type CompatibleMetrics, metricsText } from '../telemetry/metrics.ts'
import { Totals } from '../telemetry/totals.ts'
import type { ThreadKind } from './proxies.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** What changes from one reading to the next and is kept elsewhere. */
export type Present = {
  readonly issues: number
  readonly logLinesDropped: number
  readonly tableVersions: ReadonlyMap<number, number>
}

export class Measures {
  readonly totals: Totals
  readonly #version: string
  readonly #startedAt = new Date()
  readonly #restarts = { proxy: 0, watcher: 0 }
  readonly #compatible: CompatibleMetrics | null

  constructor({ flags, version, environment }: { readonly flags: Flags; readonly version: string; readonly environment: Environment }) {
    this.totals = new Totals(flags.timeBuckets)
    this.#version = version
    this.#compatible = flags.enableMetrics ? compatible(flags, environment) : null
  }

  restarted(thread: ThreadKind): void {
    this.#restarts[thread]++
  }

  text(present: Present): string {
    const { user, system } = process.cpuUsage()
    const program = {
      ...present,
      version: this.#version,
      startedAt: this.#startedAt,
      restarts: this.#restarts,
      residentBytes: process.memoryUsage.rss(),
      cpuSeconds: (user + system) / 1e6,
    }
    return metricsText(this.totals, program, this.#compatible)
  }
}

/** The labels that ingress-nginx puts on every metric (ingress-nginx.md §4.1). */
function compatible(flags: Flags, environment: Environment): CompatibleMetrics {
  const labels = {
    controller_class: flags.controllerClass,
    controller_namespace: environment['POD_NAMESPACE'] ?? '',
    controller_pod: environment['POD_NAME'] ?? '',
  }
  return { labels, statusClasses: flags.reportStatusClasses }
}
