// `bun test/bench/micro.ts [ROUNDS]`: what single pieces of the path of a request, and of a change, cost. Numbers of a busy machine say little.
import { building } from './micro/building.ts'
import { codec } from './micro/codec.ts'
import { hpack } from './micro/hpack.ts'
import { routers } from './micro/routing.ts'
import { time, type Timing } from './micro/timing.ts'
import { measure as measurePool } from './pool.ts'

/** Of pieces that take milliseconds: as many rounds would take minutes. */
const FEW_ROUNDS = 7

const rounds = Number(process.argv[2] ?? 21)
if (!(rounds >= 1)) throw new Error(`expected a number of rounds, not ${process.argv[2]}`)

const shown = (ns: number) => ns >= 1e6 ? `${(ns / 1e6).toFixed(1)} ms` : ns >= 1e4 ? `${(ns / 1e3).toFixed(1)} µs` : `${ns.toFixed(ns < 100 ? 1 : 0)} ns`
const line = ({ name, ns, least, most }: Timing) => `| ${name} | ${shown(ns)} | ${shown(least)}-${shown(most)} |`

console.log('| piece | median | least-most |\n|---|---|---|')
for (const piece of [...codec(), ...hpack(), ...routers()]) console.log(line(time(piece, rounds)))
const { oneMicros, hundredMicros } = await measurePool({ rounds, hits: 20_000 })
console.log(`| pool: a hit, 1 endpoint (best round) | ${shown(oneMicros * 1e3)} | |\n| pool: a hit, 100 endpoints (best round) | ${shown(hundredMicros * 1e3)} | |`)
for (const piece of building()) console.log(line(time(piece, Math.min(rounds, FEW_ROUNDS))))
process.exit()
