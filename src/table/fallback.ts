// --default-backend-service → the route for unknown hosts and paths. Knows nothing of Ingresses.
import type { Service } from '../kube/objects.ts'
import type { Issue, Route } from '../model.ts'
import { backendOptions } from './backend-options.ts'
import { backendRef } from './backend-ref.ts'
import type { BackendRef } from './draft.ts'
import { commonPolicies, httpsRedirect, type RouteSettings } from './policies.ts'

/** `route` null: our own 404. */
export type ReadFallback = { readonly route: Route | null; readonly backends: readonly BackendRef[]; readonly issues: readonly Issue[] }

/** `key`: `namespace/name` of the Service, `` for none. Its first port is used. */
export function readFallback(key: string, service: Service | undefined, settings: RouteSettings): ReadFallback {
  const object = `Service ${key}`
  const port = service?.ports[0]?.port
  if (key === '') return { route: null, backends: [], issues: [] }
  if (port === undefined) {
    const lack = service === undefined ? 'does not exist' : 'has no port'
    const reason = `${lack}, and --default-backend-service names it: unknown hosts and paths get our own 404 until that is mended`
    return { route: null, backends: [], issues: [{ object, field: '', reason }] }
  }
  const [namespace = '', name = ''] = key.split('/')
  const backend = backendRef({ namespace, name, port, protocol: 'http', options: backendOptions({}, settings), viaClusterIp: settings['service-upstream'], object, field: '' })
  return { route: fallbackRoute(backend, settings), backends: [backend], issues: [] }
}

function fallbackRoute(backend: BackendRef, settings: RouteSettings): Route {
  const redirect = httpsRedirect({}, settings, '/')
  const policies = commonPolicies({}, settings, undefined)
  return {
    id: 'default-backend',
    ingress: '',
    path: { kind: 'prefix', value: '' },
    backend: backend.key,
    upstreamName: 'upstream-default-backend',
    policies: redirect.when === 'always' ? { ...policies, httpsRedirect: redirect.policy } : policies,
  }
}
