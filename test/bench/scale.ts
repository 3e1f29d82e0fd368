// `bun test/bench/scale.ts [INGRESSES…]`: time to ready, time for a change to be live, and memory with many Ingresses, beside the
// promises; and how soon each worker serves a change of endpoints, at 50 a second. Exit 1 when one is not held. Numbers of a busy machine
// say little: run it alone.
import { changeTimes, crowd, percentile, servedWithin } from '../features/crowd.ts'
import { echoUpstream } from '../support/echo.ts'

type Promised = { readonly readyMs: number; readonly changeMs: number; readonly residentMb: number }

const promises: Readonly<Record<number, Promised>> = {
  1_000: { readyMs: 1_000, changeMs: 50, residentMb: 150 },
  5_000: { readyMs: 2_500, changeMs: 50, residentMb: 250 },
}
const changes = 100
/** Of endpoints: 99 of 100 in so many seconds, in each of two workers. */
const soon = { seconds: 0.02, share: 0.99, updates: 1_000, workers: 2 }

const measure = async (ingresses: number) => {
  const echo = await echoUpstream()
  const many = await crowd(ingresses, echo.port)
  const startMb = many.residentBytes() / 1e6
  const times = await changeTimes(many, changes, echo.port)
  const residentMb = many.residentBytes() / 1e6
  await many.program.stop()
  const { share, observed } = await endpoints(ingresses, echo.port)
  await echo.close()
  return { ingresses, readyMs: many.readyMs, startMb, p50: percentile(times, 0.5), p99: percentile(times, 0.99), residentMb, observed, soonPercent: share * 100 }
}

const endpoints = async (ingresses: number, port: number) => {
  const many = await crowd(ingresses, port, soon.workers)
  const served = await servedWithin(many, soon.updates, soon.seconds)
  await many.program.stop()
  return served
}

const sizes = process.argv.slice(2).map(Number)
const rows: Awaited<ReturnType<typeof measure>>[] = []
for (const size of sizes.length > 0 ? sizes : Object.keys(promises).map(Number)) rows.push(await measure(size))

console.table(rows.map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, Math.round(value * 10) / 10]))))
const broken = rows.filter(({ ingresses, readyMs, p99, residentMb, soonPercent }) => {
  const promised = promises[ingresses]
  return soonPercent < soon.share * 100 || promised !== undefined && (readyMs > promised.readyMs || p99 > promised.changeMs || residentMb > promised.residentMb)
})
for (const { ingresses } of broken) console.error(`with ${ingresses} Ingresses: ${JSON.stringify({ ...promises[ingresses], soon })} was promised`)
process.exit(broken.length > 0 ? 1 : 0)
