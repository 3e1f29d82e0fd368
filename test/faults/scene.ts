// The program with its lanes: runs cases, several at once, and says what they found and what the program holds afterwards.
import { pair, WITH_PAIR } from '../features/http2-session.ts'
import { app, configure, CONFIGURED, metric, route } from '../features/scene.ts'
import { echoUpstream } from '../support/echo.ts'
import { type Census, censusTaker } from '../support/faults/census.ts'
import { type Program, start } from '../support/program.ts'
import { until } from '../support/until.ts'
import { Bystanders } from './bystanders.ts'
import { allCases, type Case, nameOf } from './cases.ts'
import type { Conversation } from './conversations.ts'
import { Lane } from './lanes.ts'
import type { Suite } from './suites.ts'
import { over, statusesOf, wrong } from './verdict.ts'

/** Conversations at once: a stall holds its lane for as long as the program's timeouts. */
const LANES = 40
const TIMEOUT = '300ms'
/** Short enough to wait for; each connection upstream carries one conversation, so that a fault is where it is meant to be. */
const SETTINGS = {
  'client-header-timeout': TIMEOUT, 'client-body-timeout': TIMEOUT, 'keep-alive': TIMEOUT, 'keep-alive-requests': '1000000',
  'proxy-connect-timeout': TIMEOUT, 'proxy-read-timeout': TIMEOUT, 'proxy-send-timeout': TIMEOUT, 'upstream-keepalive-connections': '0',
  'log-format-upstream': 'status=$status reason=$lintel_reason host=$host "$request" "$http_user_agent"',
}
/** The bystanders' origin is this process, which has much to do. */
const PATIENT = { 'nginx.ingress.kubernetes.io/proxy-read-timeout': '20', 'nginx.ingress.kubernetes.io/proxy-connect-timeout': '20' }
const QUIET_MS = 10_000

export type Found = { readonly findings: readonly string[]; readonly struck: number; readonly bystanders: Bystanders; readonly statuses: ReadonlyMap<number, number> }

export class Scene {
  readonly program: Program
  readonly #suite: Suite
  readonly #lanes: readonly Lane[]
  readonly #taker: ReturnType<typeof censusTaker>
  readonly #stop: () => Promise<void>

  private constructor(suite: Suite, parts: { program: Program; lanes: readonly Lane[]; taker: ReturnType<typeof censusTaker>; stop: () => Promise<void> }) {
    this.#suite = suite
    this.program = parts.program
    this.#lanes = parts.lanes
    this.#taker = parts.taker
    this.#stop = parts.stop
  }

  static async open(suite: Suite): Promise<Scene> {
    const lanes = await Promise.all(Array.from({ length: LANES }, (_, n) => Lane.open(suite, n)))
    const echo = await echoUpstream()
    const taker = censusTaker()
    const { command, env } = taker
    const program = await start({ command, env, flags: [CONFIGURED, WITH_PAIR], manifests: [
      ...app('app', echo), route({ to: 'app', annotations: PATIENT }), await pair(), ...lanes.flatMap(({ objects }) => objects),
    ] })
    await configure(program, SETTINGS)
    for (const lane of lanes) await lane.join(program)
    const stop = async () => {
      for (const lane of lanes) await lane.close()
      await echo.close()
      if (await program.stop() === null) throw new Error('the program had to be killed: SIGTERM did not end it in time')
    }
    return new Scene(suite, { program, lanes, taker, stop })
  }
  close(): Promise<void> { return this.#stop() }

  /** All cases of a conversation; an error where it does not even work unbroken. */
  async casesOf(conversation: Conversation, seed: number): Promise<Case[]> {
    const lane = this.#lanes[0]
    if (lane === undefined) throw new Error('no lanes')
    const extent = await lane.converse(conversation, null, async (spoken) => {
      const inTime = await over(this.#suite, conversation, spoken)
      const fault = inTime ? wrong(this.#suite, { conversation, fault: null }, spoken) : 'not over in time'
      if (fault !== undefined) throw new Error(`${this.#suite.name}/${conversation.name}, unbroken: ${fault}`)
      return { to: lane.passed.to, from: lane.passed.from }
    })
    return allCases(conversation, extent, seed)
  }

  /** Runs them all, as many at once as there are lanes, with bystanders beside them. */
  async run(cases: readonly Case[]): Promise<Found> {
    const bystanders = await Bystanders.open(this.program)
    const findings: string[] = []
    const statuses = new Map<number, number>()
    let struck = 0
    const queue = cases.values()
    await Promise.all(this.#lanes.map(async (lane) => {
      for (const each of queue) {
        const { finding, seen } = await this.#one(lane, each)
        if (finding !== undefined) findings.push(`${nameOf(this.#suite, each)}: ${finding}`)
        for (const status of seen) statuses.set(status, (statuses.get(status) ?? 0) + 1)
        if (lane.passed.struck > 0) struck++
      }
    }))
    await bystanders.close()
    return { findings, struck, bystanders, statuses }
  }
  #one(lane: Lane, each: Case): Promise<{ finding: string | undefined; seen: readonly number[] }> {
    return lane.converse(each.conversation, each.fault, async (spoken) => {
      const inTime = await over(this.#suite, each.conversation, spoken)
      try {
        const finding = inTime ? wrong(this.#suite, each, spoken) : `neither an answer nor a close in time; the client has ${JSON.stringify(spoken.client.bytes.toString('latin1'))}`
        return { finding, seen: statusesOf(this.#suite, spoken) }
      } catch (error) {
        return { finding: String(error), seen: [] }
      }
    })
  }

  /** What the program holds when all connections have gone. */
  async census(): Promise<Census> {
    await until('no client connection is open', async () => await metric(this.program, 'lintel_connections_open') === 0, QUIET_MS)
    return this.#taker.census(this.program)
  }
}
