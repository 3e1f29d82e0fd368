// A host on which one program after another serves the same ports, as two pods of a DaemonSet with hostNetwork and maxSurge 1 do, under load.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CONFIGURED } from '../features/scene.ts'
import { standing } from '../rollout/deployment.ts'
import { type Pod, startPod } from '../rollout/pod-process.ts'
import { configMap } from '../support/manifests.ts'
import { freePort } from '../support/ports.ts'
import { toYaml } from '../support/program.ts'
import { until } from '../support/until.ts'
import { callLane, freshLane, http2Lane, keptLane, type Lane, probeLane, socketLane, type Tally } from './lanes.ts'
import { START_MS, Successor } from './successor.ts'

/** rate: requests a second, of all kinds together. */
export type Load = { readonly rate: number; readonly sockets: number; readonly graceSeconds: number }

/** Half of the sockets are by TLS, too. */
const LANES = [
  { run: freshLane, tls: false, count: 14 }, { run: freshLane, tls: true, count: 8 }, { run: keptLane, tls: false, count: 5 }, { run: keptLane, tls: true, count: 5 },
  { run: http2Lane, tls: true, count: 4 }, { run: callLane, tls: true, count: 4 },
] as const
const SOCKET_EVERY_MS = 500
const PROBE_EVERY_MS = 50
const WORKERS = 2
const END_MS = 30_000
/** Enough for connections to come, at the rate of this load. */
const KILL_WITHIN_MS = 300

export class Host {
  readonly #folder = mkdtempSync(join(tmpdir(), 'lintel-upgrade-'))
  readonly #ports = { http: freePort(), https: freePort(), healthz: freePort() }
  readonly #load: Load
  #started = 0
  #current: Successor | undefined

  static async run(load: Load, act: (host: Host) => Promise<void>): Promise<Tally & { readonly seconds: number }> {
    const pod = await startPod(200, { seen: () => { /* nobody counts */ } })
    const host = new Host(pod, load)
    try {
      host.#current = await host.#start()
      return await host.#under(() => act(host))
    } finally {
      await host.#current?.end(END_MS)
      pod.kill()
      rmSync(host.#folder, { recursive: true, force: true })
    }
  }

  private constructor(pod: Pod, load: Load) {
    this.#load = load
    const settings = configMap({ name: 'settings' }, { 'worker-shutdown-timeout': `${load.graceSeconds}s`, 'keep-alive-requests': '1000000' })
    writeFileSync(join(this.#folder, 'manifests.yaml'), toYaml([...standing(), slice(pod), settings]))
  }

  /** A new program becomes ready, the old one gets SIGTERM, and ends. Resolves to when it got it, and its exit code. */
  async upgrade(): Promise<{ readonly fromMs: number; readonly exit: number | null; readonly said: readonly string[] }> {
    return this.#replace(await this.#start())
  }

  /** A new program is killed with its listeners open and itself not ready: up to KILL_WITHIN_MS after the first of `listeners` is, or after the last. Resolves to how many were open. */
  async killAsItListens(listeners: number): Promise<number> {
    const before = this.#listening()
    const successor = new Successor(this.#flags(), { LINTEL_TEST_HOOKS: 'unready' })
    await until('it listens', () => this.#listening() >= before + listeners, START_MS)
    await Bun.sleep(Math.random() * KILL_WITHIN_MS)
    const open = this.#listening() - before
    await successor.kill()
    return successor.isReady ? NaN : open
  }
  /** Of all programs, on the ports for clients. */
  #listening(): number {
    const ports = [this.#ports.http, this.#ports.https].map((port) => port.toString(16).toUpperCase().padStart(4, '0')).join('|')
    return readFileSync('/proc/net/tcp', 'latin1').match(new RegExp(`: 0100007F:(${ports}) 00000000:0000 0A `, 'g'))?.length ?? 0
  }

  /** A new program is killed as soon as it answers probes. Resolves to whether it said that it was ready. */
  async killAsItAnswers(): Promise<boolean> {
    const successor = new Successor(this.#flags())
    await until('it answers probes', () => existsSync(this.#socket), START_MS)
    await successor.kill()
    return successor.isReady
  }

  /** A new program ends by itself with its workers listening for HTTP, because they can't for HTTPS. Resolves to its exit code. */
  async fail(): Promise<number | null> {
    using held = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
    return await new Successor([...this.#flags(), `--https-port=${held.port}`]).exited
  }

  /** Whether the last program that was started is ready, as `lintel ready` has it. */
  async isReady(socket = this.#socket): Promise<boolean> {
    return await Bun.spawn([process.execPath, 'src/main.ts', 'ready', `--healthz-socket=${socket}`], { stdio: ['ignore', 'ignore', 'ignore'] }).exited === 0
  }

  get #socket(): string { return join(this.#folder, `${this.#started}.sock`) }

  #flags(): string[] {
    this.#started++
    const { http, https, healthz } = this.#ports
    return [
      `--manifests=${this.#folder}`, `--http-port=${http}`, `--https-port=${https}`, `--healthz-port=${healthz}`, `--healthz-socket=${this.#socket}`,
      '--bind-address=127.0.0.1', `--workers=${WORKERS}`, CONFIGURED,
    ]
  }

  async #start(): Promise<Successor> {
    return await new Successor(this.#flags()).ready()
  }

  async #replace(next: Successor) {
    const old = this.#current
    this.#current = next
    const fromMs = performance.now()
    return { fromMs, exit: await old?.end(END_MS) ?? null, said: next.stderr }
  }

  async #under(act: () => Promise<void>): Promise<Tally & { readonly seconds: number }> {
    const tally: Tally = { done: {}, lost: [], ends: [], slowestMs: 0 }
    let over = false
    const lane = (tls: boolean, everyMs: number): Lane => ({ port: tls ? this.#ports.https : this.#ports.http, tls, tally, everyMs, isOver: () => over })
    const { rate, sockets } = this.#load
    const everyMs = 1000 * LANES.reduce((sum, { count }) => sum + count, 0) / rate
    const from = performance.now()
    const work = [
      ...LANES.flatMap(({ run, tls, count }) => Array.from({ length: count }, () => run(lane(tls, everyMs)))),
      ...Array.from({ length: sockets }, (_, i) => socketLane(lane(i % 2 === 1, SOCKET_EVERY_MS))),
      probeLane({ ...lane(false, PROBE_EVERY_MS), port: this.#ports.healthz }),
    ]
    try {
      await act()
    } finally {
      over = true
      await Promise.all(work)
    }
    return { ...tally, seconds: (performance.now() - from) / 1000 }
  }
}

const slice = ({ name, address, http, grpc }: Pod): object => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name, labels: { 'kubernetes.io/service-name': 'app' } },
  addressType: 'IPv4',
  ports: [{ name: 'http', port: http, protocol: 'TCP' }, { name: 'grpc', port: grpc, protocol: 'TCP' }],
  endpoints: [{ addresses: [address], conditions: { ready: true, serving: true, terminating: false } }],
})
