// Kubernetes objects as we read them: narrow, validated, in their current (v1) shape. Legacy shapes are converted before this.

export type Meta = {
  readonly namespace: string
  readonly name: string
  /** Given by the API server, unlike any other; `` when the source has none. */
  readonly uid: string
  readonly annotations: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  /** RFC 3339; `` when the source has none. Ties and `` sort by namespace/name. */
  readonly creationTimestamp: string
}
export type ServicePort = string | number
export type IngressBackend =
  | { readonly service: { readonly name: string; readonly port: ServicePort } }
  | { readonly resource: { readonly kind: string; readonly name: string } }
export type IngressPath = { readonly path: string; readonly pathType: 'Exact' | 'Prefix' | 'ImplementationSpecific'; readonly backend: IngressBackend }
export type IngressRule = { readonly host: string; readonly paths: readonly IngressPath[] }
export type IngressTls = { readonly hosts: readonly string[]; readonly secretName: string }
export type Ingress = {
  readonly kind: 'Ingress'
  readonly meta: Meta
  /** undefined: the field is absent. */
  readonly className: string | undefined
  readonly defaultBackend: IngressBackend | undefined
  readonly tls: readonly IngressTls[]
  readonly rules: readonly IngressRule[]
}
export type IngressClass = {
  readonly kind: 'IngressClass'
  readonly meta: Meta
  readonly controller: string
  readonly isDefault: boolean
  /** The ConfigMap that spec.parameters names, as `namespace/name`; `` for none, and for what is no ConfigMap. */
  readonly parameters: string
}
export type Service = {
  readonly kind: 'Service'
  readonly meta: Meta
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName'
  /** `None`: headless. */
  readonly clusterIP: string
  readonly externalName: string
  /** In which it prefers its endpoints: the first of its ipFamilies. */
  readonly ipFamily: 'IPv4' | 'IPv6'
  readonly ports: readonly { readonly name: string; readonly port: number; readonly targetPort: ServicePort; readonly protocol: string }[]
}
/** `Endpoints` objects are read as EndpointSlices too, and the addresses of an ExternalName come as one (kept apart by name prefix). `service`: label kubernetes.io/service-name. */
export type EndpointSlice = {
  readonly kind: 'EndpointSlice'
  readonly meta: Meta
  readonly service: string
  readonly ports: readonly { readonly name: string; readonly port: number; readonly protocol: string }[]
  readonly endpoints: readonly {
    /** IP addresses. */
    readonly addresses: readonly string[]
    readonly ready: boolean
    readonly serving: boolean
    readonly terminating: boolean
    readonly zone: string
    /** Zones that should use it. */
    readonly hints: readonly string[]
  }[]
}
/** Decoded: `data` from base64, `stringData` over it. Values are latin1/UTF-8 text (PEM, htpasswd). */
export type Secret = { readonly kind: 'Secret'; readonly meta: Meta; readonly type: string; readonly data: Readonly<Record<string, string>> }
export type ConfigMap = { readonly kind: 'ConfigMap'; readonly meta: Meta; readonly data: Readonly<Record<string, string>> }

export type KubeObject = Ingress | IngressClass | Service | EndpointSlice | Secret | ConfigMap
export type Kind = KubeObject['kind']
/** By `namespace/name`; IngressClass by `name`. Replaced objects are new identities, untouched ones keep theirs. */
export type Objects = { readonly [K in Kind]: ReadonlyMap<string, Extract<KubeObject, { kind: K }>> }

/** Of what changes every day, by kind: what may differ since a moment. */
export type ChangedKeys = { readonly [K in 'Ingress' | 'Service' | 'EndpointSlice']: ReadonlySet<string> }

export type Change =
  | { readonly op: 'set'; readonly object: KubeObject }
  | { readonly op: 'delete'; readonly kind: Kind; readonly key: string }

/**
 * Where objects come from: a folder of manifests, the API server, arrays in tests. `emit` takes a batch that belongs together
 * (one file, one event); `report` takes all present issues of one origin (a file) and replaces the former ones.
 * start resolves when the first full list was emitted; rejects with a StartError where the program can't start at all.
 */
export interface Source {
  start(to: SourceEvents): Promise<void>
  close(): void
}
export type SourceEvents = {
  emit(changes: readonly Change[]): void
  report(origin: string, issues: readonly import('../model.ts').Issue[]): void
  /** One line for people: what changed. */
  note(line: string): void
}
