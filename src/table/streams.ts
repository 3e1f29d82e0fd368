// The ConfigMaps of TCP and UDP services → Table.streams (ingress-nginx.md §4.15): a bad entry costs itself. Knows nothing of Ingresses.
import type { ConfigMap, Objects } from '../kube/objects.ts'
import type { Issue, Stream } from '../model.ts'
import { backendOptions } from './backend-options.ts'
import { backendRef } from './backend-ref.ts'
import { backendFault } from './backends.ts'
import type { BackendRef } from './draft.ts'
import type { BuildOptions } from './options.ts'
import type { RouteSettings } from './policies.ts'
import { SharedMap } from './shared-map.ts'

type StreamOptions = Pick<BuildOptions, 'tcpServicesConfigmap' | 'udpServicesConfigmap' | 'ownPorts' | 'disableSvcExternalName'>
/** A ConfigMap of them, by its key. */
type Services = { readonly protocol: Stream['protocol']; readonly configMap: string }
type Wanted = { readonly stream: Stream; readonly ref: BackendRef }
export type BuiltStreams = { readonly streams: ReadonlyMap<string, Stream>; readonly backends: readonly BackendRef[]; readonly issues: readonly Issue[] }

/** Both PROXY words may be empty, as in `a/b:80::PROXY`. */
const ENTRY = /^([a-z0-9][-a-z0-9]*)\/([a-z0-9][-.a-z0-9]*):([-a-z0-9]+)(?::(PROXY)?)?(?::(PROXY)?)?$/i
const PORT = /^[1-9]\d{0,4}$/
const MAX_PORT = 65_535

export class StreamBuilder {
  readonly #options: StreamOptions
  readonly #services: readonly Services[]
  readonly #streams = new SharedMap<Stream>()
  readonly #texts = new Map<string, string>()

  constructor(options: StreamOptions) {
    const { tcpServicesConfigmap, udpServicesConfigmap } = options
    this.#options = options
    const all = [{ protocol: 'tcp', configMap: tcpServicesConfigmap }, { protocol: 'udp', configMap: udpServicesConfigmap }] as const
    this.#services = all.filter(({ configMap }) => configMap !== '')
  }

  /** Streams that did not change keep their identity. A Service or port that is missing is an issue of its backend; it makes no stream. */
  build({ ConfigMap: configMaps, Service: services }: Objects, settings: RouteSettings): BuiltStreams {
    const issues: Issue[] = []
    const wanted = this.#services.flatMap((of) => this.#read(of, configMaps.get(of.configMap), { settings, issues }))
    const served = wanted.filter(({ ref }) => backendFault(ref, services.get(ref.service), this.#options.disableSvcExternalName) === undefined)
    this.#share(served.map(({ stream }) => stream))
    return { streams: this.#streams.share(), backends: wanted.map(({ ref }) => ref), issues }
  }

  #read(of: Services, configMap: ConfigMap | undefined, { settings, issues }: { readonly settings: RouteSettings; readonly issues: Issue[] }): Wanted[] {
    const object = `ConfigMap ${of.configMap}`
    if (configMap === undefined) {
      issues.push({ object, field: '', reason: `does not exist, and --${of.protocol}-services-configmap names it: none of its ports is opened until it does` })
      return []
    }
    return Object.entries(configMap.data).flatMap(([field, text]) => {
      const read = this.#entry(of, [field, text.trim()], settings)
      if (typeof read !== 'string') {
        if (of.protocol === 'udp' && /:PROXY/i.test(text)) issues.push({ object, field, reason: 'PROXY means nothing for UDP: it is ignored, remove it' })
        return [read]
      }
      issues.push({ object, field, reason: `${read}: this port is not opened` })
      return []
    })
  }

  /** Or what is wrong with it. */
  #entry({ protocol, configMap }: Services, [field, text]: readonly [string, string], settings: RouteSettings): Wanted | string {
    const [, namespace, name, service = '', accept, send] = ENTRY.exec(text) ?? []
    const port = Number(field)
    if (!PORT.test(field) || port > MAX_PORT) return `the key is no port: expected a number from 1 to ${MAX_PORT}`
    if (protocol === 'tcp' && this.#options.ownPorts.includes(port)) return `port ${port} is one of Lintel's own: choose another, or move ours by its flag`
    if (namespace === undefined || name === undefined) {
      return `${JSON.stringify(text)} is no Service port: expected namespace/name:port${protocol === 'tcp' ? ', then :PROXY for each of in and out' : ''}`
    }
    const servicePort = /^\d+$/.test(service) ? Number(service) : service
    const ref = backendRef({
      namespace, name, port: servicePort, protocol, options: backendOptions({}, settings), viaClusterIp: settings['service-upstream'], object: `ConfigMap ${configMap}`, field,
    })
    const isTcp = protocol === 'tcp'
    const proxyProtocol = { in: isTcp && accept !== undefined, out: isTcp && send !== undefined }
    return { stream: { protocol, port, backend: ref.key, upstreamName: `${protocol}-${namespace}-${name}-${servicePort}`, configMap, proxyProtocol }, ref }
  }

  #share(streams: readonly Stream[]): void {
    const present = new Map(streams.map((stream) => [`${stream.protocol}:${stream.port}`, stream]))
    for (const key of [...this.#texts.keys()].filter((known) => !present.has(known))) {
      this.#texts.delete(key)
      this.#streams.delete(key)
    }
    for (const [key, stream] of present) {
      const text = JSON.stringify(stream)
      if (this.#texts.get(key) !== text) this.#streams.set(key, stream)
      this.#texts.set(key, text)
    }
  }
}
