// What one Ingress wants for one host, before other Ingresses, Services and Secrets have their say. Types, and a word.
import type { ServicePort } from '../kube/objects.ts'
import type { Alternative, BackendOptions, ClientRule, Handshake, Policies, Protocol, Route } from '../model.ts'

/** Stands for the first port that the Service has. */
export const FIRST_PORT = ''

/** A Service port as an Ingress names it. `object`, `field`: where, for issues. */
export type BackendRef = {
  /** Key in Table.backends. */
  readonly key: string
  /** `namespace/name` of the Service. */
  readonly service: string
  readonly port: ServicePort
  readonly protocol: Protocol
  readonly options: BackendOptions
  /** Send to the cluster IP instead of the endpoints. */
  readonly viaClusterIp: boolean
  /** A canary: where it leads nowhere, the main Service answers. errors: pages in place of errors. */
  readonly serves: 'requests' | 'canary' | 'errors'
  readonly object: string
  readonly field: string
}

export type Draft = {
  readonly route: Route
  /** See pathPlace. */
  readonly place: string
  /** Added to the route's policies where the host turns out to have TLS. */
  readonly redirectWithTls: Policies['httpsRedirect']
  readonly backend: BackendRef | undefined
  /** Where the TLS of the host goes, if this is the one for `/`. */
  readonly passthrough: BackendRef | undefined
  readonly errorBackend: BackendRef | undefined
  /** From spec.defaultBackend: gives way to any explicit path, however young. */
  readonly isDefault: boolean
  readonly field: string
}

/** What a canary Ingress wants of the route that a main one has in that place. */
export type CanaryDraft = {
  /** See pathPlace. */
  readonly place: string
  readonly alternative: Alternative
  readonly backend: BackendRef
  readonly field: string
}

/** A Secret that may serve the host. `named`: its tls block names the host, so the host has TLS even if the Secret is no good. */
export type SecretRef = {
  /** `namespace/name`; `` where the block has none: the default certificate. */
  readonly secret: string
  readonly named: boolean
  readonly field: string
}

/**
 * What an Ingress wants of the handshakes of its hosts. client: also one that asks for none; field: its annotation. fault: certificates are to
 * be asked for, and how can't be understood.
 */
export type HandshakeDraft = Omit<Handshake, 'client'> & { readonly client?: ClientRule; readonly field?: string; readonly fault?: string }

export type HostDraft = {
  /** `Ingress namespace/name`. */
  readonly object: string
  readonly creationTimestamp: string
  readonly drafts: readonly Draft[]
  /** Of a canary Ingress, which has neither drafts nor secrets: alone it makes no host. */
  readonly isCanary: boolean
  readonly canaries: readonly CanaryDraft[]
  /** In the order in which they are tried. */
  readonly secrets: readonly SecretRef[]
  readonly handshake: HandshakeDraft
}
