// custom-http-errors and default-backend: whom a route asks for error pages, and of which statuses. Knows no Services but by name.
import type { Policies } from '../model.ts'
import { backendOptions } from './backend-options.ts'
import { backendRef } from './backend-ref.ts'
import { type BackendRef, FIRST_PORT } from './draft.ts'
import type { Reading } from './reading.ts'

export type ReadErrorPages = { readonly policy: Policies['errorPages']; readonly backend: BackendRef | undefined }

/** of: the route's own backend; undefined: it answers by itself. */
export function errorPagesOf({ ingress, object, annotations: { values }, context: { settings, options } }: Reading, of: BackendRef | undefined): ReadErrorPages {
  const covered = values['custom-http-errors'] ?? settings['custom-http-errors']
  const name = values['default-backend']
  if (of === undefined || (covered.length === 0 && name === undefined)) return { policy: undefined, backend: undefined }
  const { namespace } = ingress.meta
  const field = `${options.annotationsPrefix}/default-backend`
  const backend = name === undefined ? undefined : {
    ...backendRef({ namespace, name, port: FIRST_PORT, protocol: 'http', options: backendOptions({}, settings), viaClusterIp: settings['service-upstream'], object, field }),
    serves: 'errors' as const,
  }
  const ownOnly = values['disable-proxy-intercept-errors'] ?? settings['disable-proxy-intercept-errors']
  const [, service = ''] = of.service.split('/')
  const about = { namespace, ingress: ingress.meta.name, service, port: String(of.port) }
  return { policy: { statuses: covered, backend: backend?.key ?? null, ownOnly, about }, backend }
}
