// The attacker's process: `bun test/attacks/attacker.ts ATTACK TRANSPORT HTTP-PORT HTTPS-PORT SECONDS`. Attacks again and again as soon as it
// is cut until the seconds are over, once at least; prints a Report as JSON.
import { setTimeout as sleep } from 'node:timers/promises'
import { hello, settingsAck, windowUpdate } from '../http/h2/wire.ts'
import { type Attack, type Attacker, seesItsEnd, type Transport } from './attack.ts'
import { attacks } from './attacks.ts'
import { Line, type LineOptions } from './line.ts'

export type Report = {
  readonly rounds: number
  readonly opened: number
  readonly cut: number
  /** Of the connections that were cut: from connecting to the cut, the median; -1: none was. */
  readonly cutAfterMs: number
  readonly octets: number
  /** ms since 1970. */
  readonly began: number
  readonly ended: number
  /** Why it could not attack; `` if it could. */
  readonly trouble: string
}

type Ports = { readonly http: number; readonly https: number }

/** A round that nobody cuts, in ms: longer than it takes to see what it costs. */
const INERT_MS = 1_000
/** A round that is to be cut at once goes on for so long on a machine that is busy with other things. */
const FLOOD_MS = 10_000
/** Opened for the whole connection: what an attack wants to close it closes by itself. */
const WINDOW_BYTES = 2 ** 30
/** After its time a round that stands at a deadline of the program has so long to be cut. */
const PATIENCE_MS = 2_500

class Round implements Attacker {
  readonly transport: Transport
  readonly tlsPort: number
  readonly lines: Line[] = []
  readonly #ports: Ports
  readonly #timeUp: Promise<void>
  over = false

  constructor(transport: Transport, ports: Ports, ms: number) {
    this.transport = transport
    this.tlsPort = ports.https
    this.#ports = ports
    this.#timeUp = sleep(ms).then(() => this.#leave())
  }
  #leave() {
    this.over = true
    for (const line of this.lines) line.leave()
  }

  async http2(settings: readonly [key: number, value: number][] = [], options: LineOptions = {}): Promise<Line> {
    const line = await this.#open({ alpn: 'h2' }, options)
    await line.send(Buffer.concat([hello(...settings), settingsAck, windowUpdate(0, WINDOW_BYTES)]))
    return line
  }
  http1(options: LineOptions = {}): Promise<Line> { return this.#open({}, options) }
  async tcp(options: LineOptions = {}): Promise<Line> { return this.#keep(await Line.open({ port: this.#ports.https, tls: false, ...options })) }
  async #open(over: { alpn?: string }, options: LineOptions): Promise<Line> {
    const tls = this.transport === 'tls'
    return this.#keep(await Line.open({ port: tls ? this.#ports.https : this.#ports.http, tls, ...over, ...options }))
  }
  #keep(line: Line): Line {
    this.lines.push(line)
    return line
  }

  async hold() { await Promise.race([Promise.all(this.lines.map((line) => line.whenCut())), this.#timeUp]) }
  async pause(ms: number) { await sleep(ms) }

  async run(attack: Attack) {
    await attack.run(this)
    this.#leave()
  }
}

/** How long a round of it lasts at least, ms, if nobody cuts it. */
const roundMs = (attack: Attack, seconds: number): number => {
  if (attack.seconds !== undefined) return seesItsEnd(attack, seconds) ? attack.seconds * 1_000 + PATIENCE_MS : INERT_MS
  return attack.inert === undefined ? FLOOD_MS : INERT_MS
}
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? -1
const now = () => performance.timeOrigin + performance.now()

const [name = '', transport = 'tls', http = '', https = '', seconds = '0'] = process.argv.slice(2)
const attack = attacks.find((each) => each.name === name)
if (attack === undefined) throw new Error(`no attack ${name}`)

const ports = { http: Number(http), https: Number(https) }
const began = now()
const until = performance.now() + Number(seconds) * 1_000
const lines: Line[] = []
let rounds = 0
let trouble = ''
do {
  const round = new Round(transport === 'clear' ? 'clear' : 'tls', ports, Math.max(roundMs(attack, Number(seconds)), until - performance.now()))
  await round.run(attack).catch((error: unknown) => { trouble = String(error) })
  lines.push(...round.lines)
  rounds++
} while (performance.now() < until && trouble === '')

const cut = lines.filter((line) => line.cut)
const report: Report = {
  rounds, opened: lines.length, cut: cut.length, cutAfterMs: median(cut.map(({ openedAt, cutAt }) => cutAt - openedAt)),
  octets: lines.reduce((sum, { sent }) => sum + sent, 0), began, ended: now(), trouble,
}
console.log(JSON.stringify(report))
process.exit(0)
