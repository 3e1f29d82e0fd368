// The access logs of a worker, of requests and of streams: each with the format of the settings, compiled when they change. Knows no thread.
import type { Settings } from '../settings.ts'
import { accessLog, type CompiledLog, type LogOptions, streamLog } from '../telemetry/access-log.ts'
import type { LogBatcher } from '../telemetry/log-writer.ts'
import type { RequestRecord } from '../telemetry/record.ts'
import type { StreamRecord } from '../telemetry/stream-record.ts'
import type { Render } from '../telemetry/template.ts'

type Form<R> = {
  readonly key: 'log-format-upstream' | 'log-format-stream'
  readonly isOff: (settings: Settings) => boolean
  readonly compile: (format: string, options: LogOptions) => CompiledLog<R>
}

export class AccessLog<R> {
  readonly #batcher: LogBatcher
  readonly #form: Form<R>
  #render: Render<R> | null = null
  #format = ''

  constructor(batcher: LogBatcher, form: Form<R>) {
    this.#batcher = batcher
    this.#form = form
  }

  readonly sink = (record: Readonly<R>): void => { if (this.#render !== null) this.#batcher.line(this.#render(record)) }

  /** Returns a line for people for each variable of a new format that nobody knows. */
  configure(settings: Settings): string[] {
    const { key, isOff, compile } = this.#form
    const format = settings[key]
    const compiled = compile(format, { json: settings['log-format-escape-json'] })
    this.#render = isOff(settings) ? null : compiled.render
    const fresh = this.#format !== format
    this.#format = format
    return fresh ? compiled.unknown.map((name) => `${key}: unknown variable $${name} is logged as -`) : []
  }

  flush() { this.#batcher.flush() }
}

export const requestLog = (batcher: LogBatcher): AccessLog<RequestRecord> =>
  new AccessLog(batcher, { key: 'log-format-upstream', isOff: (settings) => settings['disable-access-log'], compile: accessLog })
export const streamsLog = (batcher: LogBatcher): AccessLog<StreamRecord> =>
  new AccessLog(batcher, { key: 'log-format-stream', isOff: (settings) => settings['disable-access-log'] || settings['disable-stream-access-log'], compile: streamLog })
