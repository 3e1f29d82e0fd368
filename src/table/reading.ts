// One Ingress as it is being compiled, and the paths that it wants. Types only.
import type { Ingress, IngressBackend } from '../kube/objects.ts'
import type { Issue } from '../model.ts'
import type { Meaning } from './meaning.ts'
import type { BuildOptions } from './options.ts'
import type { PathRule } from './paths.ts'
import type { RouteSettings } from './policies.ts'

export type IngressContext = {
  readonly options: Pick<BuildOptions, 'annotationsPrefix' | 'deepInspect' | 'disableCatchAll' | 'sslPassthrough'>
  readonly settings: RouteSettings
  readonly meaningOf: (annotations: Ingress['meta']['annotations']) => Meaning
}

export type Reading = Meaning & {
  readonly ingress: Ingress
  /** `Ingress namespace/name`. */
  readonly object: string
  readonly context: IngressContext
  /** Filled on the way. */
  readonly issues: Issue[]
}

/** `backend` undefined: the route answers by itself. */
export type WantedPath = PathRule & { readonly backend: IngressBackend | undefined; readonly isDefault: boolean; readonly field: string }
