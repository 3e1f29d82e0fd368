// Which connections may go when room is needed: those on which nothing happens, the longest idle first. Knows no protocol.

export interface Idling {
  /** By the clock; Infinity: something is going on. */
  readonly idleSinceMs: number
}

/** Up to `count` of them. Walks over all, and sorts those that are idle: for rare use. */
export const oldestIdle = <C extends Idling>(connections: Iterable<C>, count: number): C[] => {
  const idle: C[] = []
  if (count > 0) for (const connection of connections) if (connection.idleSinceMs < Infinity) idle.push(connection)
  return idle.sort((a, b) => a.idleSinceMs - b.idleSinceMs).slice(0, count)
}
