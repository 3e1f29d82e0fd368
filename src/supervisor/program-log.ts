// The program's own log: standard error, one line an event, `lintel: …`. Never blocks and survives a reader that went away.
import type { LogOutput } from '../telemetry/log-writer.ts'

/** Whatever could end a line or steer a terminal: parts of lines come from manifests. */
const CONTROL = /[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g

export class ProgramLog {
  readonly #output: LogOutput

  constructor(output: LogOutput) {
    this.#output = output
  }

  line(text: string): void {
    this.#output.write(`lintel: ${text.replace(CONTROL, ' ')}\n`)
  }

  /** Resolves when everything is out: process.exit loses what is not (bun.md §8). */
  async end(): Promise<void> {
    await this.#output.end()
  }
}
