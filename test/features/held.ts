// An origin that keeps requests for `/held…` until the test lets each of them go. Knows nothing of the program.
import { type Echo, echoUpstream } from '../support/echo.ts'

/** `finish(target)`: answer what asks, or will ask, for it. */
export type HoldingEcho = { readonly echo: Echo; finish(target: string): void }

export async function holdingEcho(): Promise<HoldingEcho> {
  const gates = new Map<string, PromiseWithResolvers<void>>()
  const gate = (target: string) => gates.getOrInsertComputed(target, () => Promise.withResolvers<void>())
  const echo = await echoUpstream({ respond: async ({ target }) => {
    if (!target.startsWith('/held')) return undefined
    await gate(target).promise
    return { body: 'held' }
  } })
  return { echo, finish: (target) => gate(target).resolve() }
}
