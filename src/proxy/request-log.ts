// The access log of a worker: the format of the settings, compiled when they change. Knows no thread.
import type { Settings } from '../settings.ts'
import { accessLog } from '../telemetry/access-log.ts'
import type { LogBatcher } from '../telemetry/log-writer.ts'
import type { Sink } from '../telemetry/record.ts'
import type { Render } from '../telemetry/template.ts'

export class RequestLog {
  readonly #batcher: LogBatcher
  #render: Render | null = null
  #format = ''

  constructor(batcher: LogBatcher) { this.#batcher = batcher }

  readonly sink: Sink = (record) => { if (this.#render !== null) this.#batcher.line(this.#render(record)) }

  /** Returns a line for people for each variable of a new format that nobody knows. */
  configure(settings: Settings): string[] {
    const format = settings['log-format-upstream']
    const json = settings['log-format-escape-json']
    const compiled = accessLog(format, { json })
    this.#render = settings['disable-access-log'] ? null : compiled.render
    const fresh = this.#format !== format
    this.#format = format
    return fresh ? compiled.unknown.map((name) => `log-format-upstream: unknown variable $${name} is logged as -`) : []
  }

  flush() { this.#batcher.flush() }
}
