// The cluster that the flags name: its objects as a source, and what became of them told back to it. Wiring only.
import { hostname } from 'node:os'
import type { Source, SourceEvents } from '../kube/objects.ts'
import type { Flags } from '../settings.ts'
import { cluster, type ClusterScope } from './cluster.ts'
import { credentials } from './kubeconfig.ts'
import { systemTiming } from './reflector.ts'
import { snapshot } from './snapshot.ts'
import { type Findings, Spokesman, type SpokesmanOptions } from './spokesman.ts'
import { Transport } from './transport.ts'

/** As the API server's audit log names us. */
const USER_AGENT = 'lintel'

type Environment = Readonly<Record<string, string | undefined>>

export class ClusterConnection implements Source {
  readonly #flags: Flags
  readonly #environment: Environment
  readonly #api: Transport
  readonly #source: Source
  readonly #closed = new AbortController()
  #spokesman: Spokesman | undefined

  /** Throws StartError where no cluster is named. */
  constructor(flags: Flags, environment: Environment) {
    this.#flags = flags
    this.#environment = environment
    this.#api = new Transport(credentials(flags, environment), USER_AGENT)
    this.#source = cluster(this.#api, scopeOf(flags), {
      timing: { ...systemTiming, resyncMs: flags.syncPeriod },
      ingressSeen: (key, raw) => this.#spokesman?.ingressSeen(key, raw),
    })
  }

  async start(to: SourceEvents): Promise<void> {
    if (!this.#flags.disableLeaderElection) {
      const following = { api: this.#api, timing: systemTiming, signal: this.#closed.signal, report: to.report }
      this.#spokesman = new Spokesman(spokesmanOptions(this.#flags, this.#environment), { following, note: to.note })
      this.#spokesman.start()
    }
    await this.#source.start(to)
  }

  close(): void {
    this.#closed.abort()
    this.#source.close()
  }

  found(findings: Findings): void {
    this.#spokesman?.found(findings)
  }

  /** Another replica may lead from now on. */
  async retire(): Promise<void> {
    await this.#spokesman?.retire()
  }
}

/** The same objects, read once and not followed. Throws StartError where no cluster is named. */
export const once = (flags: Flags, environment: Environment): Source => {
  const login = credentials(flags, environment)
  return snapshot({ api: new Transport(login, USER_AGENT), server: login.server }, scopeOf(flags))
}

function scopeOf({ watchNamespace, watchNamespaceSelector, annotationsPrefix, ...flags }: Flags): ClusterScope {
  const given = (...names: readonly (string | null)[]) => names.filter((name) => name !== null)
  return {
    namespaces: watchNamespace,
    selector: watchNamespaceSelector,
    annotationsPrefix,
    named: {
      secrets: given(flags.defaultSslCertificate),
      configMaps: given(flags.configmap, flags.tcpServicesConfigmap, flags.udpServicesConfigmap),
      services: given(flags.defaultBackendService),
    },
  }
}

function spokesmanOptions(flags: Flags, environment: Environment): SpokesmanOptions {
  const podName = environment['POD_NAME']
  const podNamespace = environment['POD_NAMESPACE']
  return {
    election: { namespace: podNamespace ?? 'default', name: flags.electionId, ttlMs: flags.electionTtl, identity: podName ?? `${hostname()}-${process.pid}` },
    writesStatus: flags.updateStatus,
    tellsSyncs: !flags.disableSyncEvents,
    publisher: {
      addresses: flags.publishStatusAddress,
      service: flags.publishService,
      pod: podName === undefined || podNamespace === undefined ? null : { namespace: podNamespace, name: podName },
      internal: flags.reportNodeInternalIpAddress,
    },
  }
}
