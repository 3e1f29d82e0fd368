// A host on which one program after another serves the same ports, as two pods of a DaemonSet with hostNetwork and maxSurge 1 do, under load.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CONFIGURED } from '../features/scene.ts'
import { standing } from '../rollout/deployment.ts'
import { type Pod, startPod } from '../rollout/pod-process.ts'
import { configMap } from '../support/manifests.ts'
import { freePort } from '../support/ports.ts'
import { type Program, start } from '../support/program.ts'
import { until } from '../support/until.ts'
import { callLane, freshLane, http2Lane, keptLane, type Lane, probeLane, socketLane, type Tally } from './lanes.ts'

/** rate: requests a second, of all kinds together. */
export type Load = { readonly rate: number; readonly sockets: number; readonly graceSeconds: number }
const LANES = { fresh: 24, kept: 8, http2: 4, calls: 4 }
const SOCKET_EVERY_MS = 500
const PROBE_EVERY_MS = 50

export class Host {
  readonly #folder = mkdtempSync(join(tmpdir(), 'lintel-upgrade-'))
  readonly #ports = { http: freePort(), https: freePort(), healthz: freePort() }
  readonly #manifests: readonly object[]
  #started = 0
  #current: Program | undefined

  static async run(load: Load, act: (host: Host) => Promise<void>): Promise<Tally> {
    const pod = await startPod(200, { seen: () => { /* nobody counts */ } })
    const host = new Host(pod, load)
    try {
      host.#current = await host.#start()
      return await host.#under(load, () => act(host))
    } finally {
      pod.kill()
      await host.#current?.stop()
      rmSync(host.#folder, { recursive: true, force: true })
    }
  }

  private constructor(pod: Pod, { graceSeconds }: Load) {
    this.#manifests = [...standing(), slice(pod), configMap({ name: 'settings' }, { 'worker-shutdown-timeout': `${graceSeconds}s`, 'keep-alive-requests': '1000000' })]
  }

  /** A new program becomes ready, the old one gets SIGTERM, and ends. Resolves to when it got it, and its exit code. */
  async upgrade(): Promise<{ readonly fromMs: number; readonly exit: number | null; readonly said: readonly string[] }> {
    const old = this.#current
    this.#current = await this.#start()
    const fromMs = performance.now()
    old?.signal('SIGTERM')
    const exit = await old?.exited ?? null
    await old?.stop()
    return { fromMs, exit, said: this.#current.stderr }
  }

  /** A new program is killed as soon as it answers probes. Resolves to whether it said that it was ready. */
  async kill(): Promise<boolean> {
    const child = this.#spawn([])
    await until('it answers probes', () => existsSync(this.#socket))
    child.kill('SIGKILL')
    return (await child.stderr.text()).includes('lintel: ready')
  }

  /** A new program ends by itself with its workers listening for HTTP, because they can't for HTTPS. Resolves to its exit code. */
  async fail(): Promise<number> {
    using held = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
    return await this.#spawn([`--https-port=${held.port}`]).exited
  }

  /** Whether the last program that was started is ready, as `lintel ready` has it. */
  async isReady(socket = this.#socket): Promise<boolean> {
    return await Bun.spawn([process.execPath, 'src/main.ts', 'ready', `--healthz-socket=${socket}`], { stdio: ['ignore', 'ignore', 'ignore'] }).exited === 0
  }

  get #socket(): string { return join(this.#folder, `${this.#started}.sock`) }

  #spawn(more: readonly string[]) {
    return Bun.spawn([process.execPath, 'src/main.ts', `--manifests=${this.#current?.folder}`, ...this.#flags(), ...more], { stdio: ['ignore', 'ignore', 'pipe'] })
  }

  #flags(): string[] {
    this.#started++
    const { http, https, healthz } = this.#ports
    return [`--http-port=${http}`, `--https-port=${https}`, `--healthz-port=${healthz}`, `--healthz-socket=${this.#socket}`, '--bind-address=127.0.0.1', '--workers=2', CONFIGURED]
  }

  #start(): Promise<Program> { return start({ manifests: this.#manifests, flags: this.#flags() }) }

  async #under({ rate, sockets }: Load, act: () => Promise<void>): Promise<Tally> {
    const tally: Tally = { done: {}, lost: [], ends: [], slowestMs: 0 }
    let over = false
    const lane = (everyMs: number, port = this.#ports.http): Lane => ({ port, tally, everyMs, isOver: () => over })
    const lanes = (count: number, run: (lane: Lane) => Promise<void>, each: Lane) => Array.from({ length: count }, () => run(each))
    const everyMs = 1000 * Object.values(LANES).reduce((sum, count) => sum + count, 0) / rate
    const work = [
      ...lanes(LANES.fresh, freshLane, lane(everyMs)), ...lanes(LANES.kept, keptLane, lane(everyMs)), ...lanes(LANES.http2, http2Lane, lane(everyMs)), ...lanes(LANES.calls, callLane, lane(everyMs)),
      ...lanes(sockets, socketLane, lane(SOCKET_EVERY_MS)), probeLane(lane(PROBE_EVERY_MS, this.#ports.healthz)),
    ]
    try {
      await act()
    } finally {
      over = true
      await Promise.all(work)
    }
    return tally
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
