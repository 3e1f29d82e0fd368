// One Ingress as it is being compiled, and the paths that it wants. Types only.
import type { Ingress, IngressBackend } from '../kube/objects.ts'
import type { Issue, Policies } from '../model.ts'
import type { ReadAnnotations } from './annotations.ts'
import type { BuildOptions } from './options.ts'
import type { PathRule } from './paths.ts'
import type { RouteSettings } from './policies.ts'

export type IngressContext = {
  readonly options: Pick<BuildOptions, 'annotationsPrefix' | 'deepInspect' | 'disableCatchAll' | 'sslPassthrough'>
  readonly settings: RouteSettings
  /** See readAnnotations. */
  readonly suggest: (name: string) => string | undefined
}

export type Reading = {
  readonly ingress: Ingress
  /** `Ingress namespace/name`. */
  readonly object: string
  readonly context: IngressContext
  readonly annotations: ReadAnnotations
  /** Of every route; what depends on the path comes later. */
  readonly policies: Policies
  /** Filled on the way. */
  readonly issues: Issue[]
}

/** `backend` undefined: the route answers by itself. */
export type WantedPath = PathRule & { readonly backend: IngressBackend | undefined; readonly isDefault: boolean; readonly field: string }
