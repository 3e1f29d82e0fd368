// `bun test/rollout/run.ts [--rollouts N] [--rate R] [--calls N] [--sockets N] [--replicas N]`: rolls an application while clients use it, and prints
// what they lost. With `--abrupt` pods close in the moment of the signal: a POST may then be lost, read by nobody (test/README.md). With
// `--idle-seconds N` nothing is rolled: pods close connections that have rested for a second. Exit 1 where anything was lost.
import { parseArgs } from 'node:util'
import { type Scene, underLoad } from './scene.ts'

const text = (value: number) => ({ type: 'string' as const, default: String(value) })
const { values } = parseArgs({
  options: { 'rollouts': text(100), 'rate': text(500), 'calls': text(50), 'sockets': text(200), 'replicas': text(3), 'idle-seconds': text(0), 'abrupt': { type: 'boolean', default: false } },
})
const number = (name: Exclude<keyof typeof values, 'abrupt'>): number => {
  const value = Number(values[name])
  if (Number.isInteger(value) && value >= 0) return value
  console.error(`--${name} takes a whole number, not ${values[name]}`)
  process.exit(2)
}

/** Rollouts between two lines that say how far it is. */
const SAY_EVERY = 10
const IDLE_MS = 1_000

const from = performance.now()
const seconds = () => Math.round((performance.now() - from) / 1000)
const rollouts = number('rollouts')
const idleSeconds = number('idle-seconds')
const scene: Scene = {
  replicas: number('replicas'), rate: number('rate'), http1: 24, http2: 8, calls: number('calls'), sockets: number('sockets'), pods: { ...(idleSeconds > 0 && { idleMs: IDLE_MS }), abrupt: values['abrupt'] },
}
const found = await underLoad(scene, async (deployment) => {
  if (idleSeconds > 0) return Bun.sleep(idleSeconds * 1000)
  for (let i = 1; i <= rollouts; i++) {
    await deployment.roll()
    if (i % SAY_EVERY === 0) console.log(`${i} rollouts, ${seconds()} s`)
  }
})
const losses = [...found.lost, ...found.twice.map((id) => `read twice: ${id}`), ...found.never.map((id) => `answered but never read: ${id}`)]
console.log(`${seconds()} s: ${found.requests} requests, ${found.posted.length} POSTs, ${found.calls} gRPC calls, ${found.sockets} WebSockets, ${found.messages} messages; lost: ${losses.length}`)
for (const loss of losses) console.log(loss)
for (const line of found.failed) console.log(line)
process.exit(losses.length > 0 ? 1 : 0)
