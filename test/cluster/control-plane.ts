// etcd, kube-apiserver and kube-controller-manager as processes of one throw-away cluster. Knows nothing of what runs in it.
import { cpSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '../support/until.ts'
import { type ClusterFiles, writeCredentials } from './credentials.ts'

const [API_PORT, ETCD_PORT, ETCD_PEER_PORT] = [6443, 2379, 2380]
/** A cold start takes 2.5 s on an idle machine. */
const READY_MS = 60_000
const CONTROLLERS = [
  'deployment', 'replicaset', 'statefulset', 'daemonset', 'endpoints', 'endpointslice', 'endpointslice-mirroring', 'namespace', 'garbage-collector',
  'pod-garbage-collector', 'serviceaccount', 'serviceaccount-token', 'root-ca-certificate-publisher',
].map((name) => `${name}-controller`)

type Part = 'etcd' | 'kube-apiserver' | 'kube-controller-manager'

export class ControlPlane {
  readonly files: ClusterFiles
  readonly #binaries: string
  readonly #running = new Map<Part, Bun.Subprocess>()
  readonly #endWithUs = () => { for (const child of this.#running.values()) child.kill('SIGKILL') }

  /** Alone in its network namespace: all ports are fixed. binaries: the folder that holds them. */
  static async start(binaries: string): Promise<ControlPlane> {
    const folder = mkdtempSync(join(tmpdir(), 'lintel-cluster-'))
    const plane = new ControlPlane(binaries, await writeCredentials(folder, API_PORT))
    plane.#spawn('etcd')
    plane.#spawn('kube-apiserver')
    plane.#spawn('kube-controller-manager')
    await plane.ready()
    return plane
  }

  private constructor(binaries: string, files: ClusterFiles) {
    this.#binaries = binaries
    this.files = files
    process.on('exit', this.#endWithUs)
  }

  async ready(): Promise<void> {
    const { server, ca, adminCert, adminKey } = this.files
    const tls = { ca: readFileSync(ca, 'utf8'), cert: readFileSync(adminCert, 'utf8'), key: readFileSync(adminKey, 'utf8') }
    await until('the API server is ready', async () => {
      this.#complain()
      return (await fetch(`${server}/readyz`, { tls }).catch(() => null))?.ok
    }, READY_MS)
  }

  /** At once and without a word, as a machine that loses power. */
  async kill(part: Part): Promise<void> {
    const child = this.#running.get(part)
    this.#running.delete(part)
    child?.kill('SIGKILL')
    await child?.exited
  }

  /** Stops and goes on: sockets stay open and nothing answers. */
  signal(part: Part, name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#running.get(part)?.kill(name)
  }

  async restart(part: Part): Promise<void> {
    await this.kill(part)
    this.#spawn(part)
    await this.ready()
    if (part === 'kube-apiserver') await this.#renewControllers()
  }

  /** Theirs back off for up to half a minute once the API server was away, and so would whoever waits for pods next. New ones start at once. */
  async #renewControllers(): Promise<void> {
    await this.kill('kube-controller-manager')
    this.#spawn('kube-controller-manager')
  }

  /** A copy of etcd's data as it is now, to be put back. */
  keep(): string {
    const copy = mkdtempSync(join(this.files.folder, 'kept-'))
    this.signal('etcd', 'SIGSTOP')
    cpSync(dataFolder(this.files), copy, { recursive: true })
    this.signal('etcd', 'SIGCONT')
    return copy
  }

  /** All of what was written since is undone, as when a backup is restored. */
  async putBack(copy: string): Promise<void> {
    for (const part of ['kube-controller-manager', 'kube-apiserver', 'etcd'] as const) await this.kill(part)
    rmSync(dataFolder(this.files), { recursive: true })
    cpSync(copy, dataFolder(this.files), { recursive: true })
    this.#spawn('etcd')
    await this.restart('kube-apiserver')
  }

  async stop(): Promise<void> {
    for (const part of [...this.#running.keys()].toReversed()) await this.kill(part)
    process.off('exit', this.#endWithUs)
    rmSync(this.files.folder, { recursive: true, force: true })
  }

  #spawn(part: Part): void {
    const log = openSync(join(this.files.folder, `${part}.log`), 'a')
    this.#running.set(part, Bun.spawn([join(this.#binaries, part), ...argumentsOf(part, this.files)], { stdin: 'ignore', stdout: log, stderr: log }))
  }

  /** Throws with the end of its log when one of them has ended. */
  #complain(): void {
    for (const [part, child] of this.#running) {
      if (child.exitCode !== null) throw new Error(`${part} ended with exit code ${child.exitCode}:\n${readFileSync(join(this.files.folder, `${part}.log`), 'utf8').slice(-2000)}`)
    }
  }
}

function argumentsOf(part: Part, files: ClusterFiles): readonly string[] {
  const flags = { 'etcd': etcd, 'kube-apiserver': apiServer, 'kube-controller-manager': controllerManager }[part](files)
  return Object.entries(flags).map(([name, value]) => `--${name}=${value}`)
}

const dataFolder = ({ folder }: ClusterFiles): string => join(folder, 'etcd')

const etcd = (files: ClusterFiles) => ({
  'data-dir': dataFolder(files),
  'name': 'test',
  'listen-client-urls': `http://127.0.0.1:${ETCD_PORT}`,
  'advertise-client-urls': `http://127.0.0.1:${ETCD_PORT}`,
  'listen-peer-urls': `http://127.0.0.1:${ETCD_PEER_PORT}`,
  'initial-advertise-peer-urls': `http://127.0.0.1:${ETCD_PEER_PORT}`,
  'initial-cluster': `test=http://127.0.0.1:${ETCD_PEER_PORT}`,
  'unsafe-no-fsync': true,
  'log-level': 'warn',
})

const apiServer = (files: ClusterFiles) => ({
  'etcd-servers': `http://127.0.0.1:${ETCD_PORT}`,
  'bind-address': '127.0.0.1',
  'secure-port': API_PORT,
  'advertise-address': '10.244.255.1',
  'tls-cert-file': files.serverCert,
  'tls-private-key-file': files.serverKey,
  'client-ca-file': files.ca,
  'authorization-mode': 'RBAC',
  'service-cluster-ip-range': '10.96.0.0/16',
  'service-account-issuer': 'https://kubernetes.default.svc',
  'service-account-signing-key-file': files.accountKey,
  'service-account-key-file': files.accountPublicKey,
  'cert-dir': files.folder,
  // Real 410s come within a test's time.
  'etcd-compaction-interval': '10s',
})

const controllerManager = (files: ClusterFiles) => ({
  'kubeconfig': files.kubeconfig,
  'leader-elect': false,
  'service-account-private-key-file': files.accountKey,
  'root-ca-file': files.ca,
  'secure-port': 0,
  'use-service-account-credentials': false,
  'controllers': CONTROLLERS.join(','),
})
