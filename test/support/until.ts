// Waiting without sleeping: on a probe that is polled, or on state that says when it changed. Knows no protocol.

/** Between two probes. Small enough that a test loses nothing, large enough that a probe by HTTP does not load the machine. */
const POLL_MS = 2
export const DEADLINE_MS = 5_000

/** The first truthy answer of `probe`; an error that names `what` when none came in time. A probe that throws counts as "not yet". */
export async function until<T>(what: string, probe: () => T | Promise<T>, withinMs = DEADLINE_MS): Promise<NonNullable<T>> {
  const deadline = performance.now() + withinMs
  let last: unknown
  for (;;) {
    try {
      const answer = await probe()
      if (answer) return answer
      last = answer
    } catch (error) {
      last = error
    }
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}; last: ${String(last)}`)
    await Bun.sleep(POLL_MS)
  }
}

/** The promise's value, or undefined when it did not settle in time. */
export async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: Timer | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

export type Changes = {
  /** Something changed: look at every condition again. */
  notify(): void
  /** true as soon as the condition holds, false when it did not in time. */
  when(condition: () => boolean, withinMs?: number): Promise<boolean>
}

export function changes(): Changes {
  const checks = new Set<() => void>()
  const notify = () => {
    for (const check of [...checks]) check()
  }
  const when = (condition: () => boolean, withinMs = DEADLINE_MS) => {
    if (condition()) return Promise.resolve(true)
    return new Promise<boolean>((resolve) => {
      const settle = (held: boolean) => {
        clearTimeout(timer)
        checks.delete(check)
        resolve(held)
      }
      const check = () => {
        if (condition()) settle(true)
      }
      const timer = setTimeout(settle, withinMs, false)
      checks.add(check)
    })
  }
  return { notify, when }
}
