// From the first signal to the exit: not ready at once, grace, drain, grace. Knows signals; what drains it is told.
import { setTimeout as delay } from 'node:timers/promises'
import { exitCodes } from '../settings/exit-codes.ts'

export type ShutdownSteps = {
  /** Health and readiness say so from here on. */
  begin(signal: string): void
  drain(): Promise<void>
  exit(code: number): void
  /** `--shutdown-grace-period` and `--post-shutdown-grace-period`. */
  readonly graceMs: number
  readonly afterMs: number
}

/** Exit 0 after the drain; a second signal exits with 1 at once. */
export function onSignals(signals: NodeJS.EventEmitter, steps: ShutdownSteps): void {
  let stopping = false
  const receive = (signal: string) => {
    if (stopping) return steps.exit(exitCodes.cut)
    stopping = true
    void shutDown(signal, steps)
  }
  for (const signal of ['SIGTERM', 'SIGINT']) signals.on(signal, () => receive(signal))
}

async function shutDown(signal: string, { begin, drain, exit, graceMs, afterMs }: ShutdownSteps): Promise<void> {
  begin(signal)
  await delay(graceMs)
  await drain()
  await delay(afterMs)
  exit(exitCodes.stopped)
}
