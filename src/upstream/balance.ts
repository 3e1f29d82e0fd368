// Which endpoint gets the next request. State belongs to the backend and outlives tables; knows no connections.

/** An endpoint while it serves: what the table says of it, and what balancing remembers. */
export type Weighted = { readonly weight: number; current: number }

/**
 * Smooth weighted round robin: each round everyone gains its weight, the highest is chosen and pays the sum. Spreads evenly in any
 * window, not only in the long run. `tried` are endpoints that failed this request; undefined when none is left.
 */
export const roundRobin = <E extends Weighted>(endpoints: readonly E[], tried: readonly E[]): E | undefined => {
  let best: E | undefined
  let sum = 0
  for (let i = 0; i < endpoints.length; i++) {
    const endpoint = endpoints[i]!
    if (tried.length > 0 && tried.includes(endpoint)) continue
    sum += endpoint.weight
    endpoint.current += endpoint.weight
    if (best === undefined || endpoint.current > best.current) best = endpoint
  }
  if (best !== undefined) best.current -= sum
  return best
}
