// One wanted path → the draft of its route. Knows nothing of Services, Secrets or other Ingresses.
import type { Policies, Protocol } from '../model.ts'
import { affinityOf } from './affinity.ts'
import { backendOptions } from './backend-options.ts'
import { backendRef, upstreamName } from './backend-ref.ts'
import type { BackendRef, Draft } from './draft.ts'
import { endpointTls } from './endpoint-tls.ts'
import { errorPagesOf } from './error-pages.ts'
import { keyOf } from './names.ts'
import { passthroughRef } from './passthrough.ts'
import { pathMatch, pathPlace, pathText } from './paths.ts'
import { httpsRedirect } from './policies.ts'
import type { Reading, WantedPath } from './reading.ts'

/** AUTO_HTTP and FCGI are noted as not supported, and served as HTTP. */
const PROTOCOLS: Readonly<Record<string, Protocol>> = { HTTPS: 'https', GRPC: 'h2c', GRPCS: 'h2' }

export function draftRoute(reading: Reading, host: string, wanted: WantedPath): Draft {
  const { meta } = reading.ingress
  const path = pathMatch(wanted)
  const redirect = httpsRedirect(reading.annotations.values, reading.context.settings, wanted.path)
  const backend = backendOf(reading, wanted)
  const errorPages = errorPagesOf(reading, backend)
  return {
    route: {
      id: `${keyOf(meta)}/${host}/${path.kind}:${pathText(path)}`,
      ingress: keyOf(meta),
      path,
      backend: backend?.key ?? null,
      upstreamName: backend === undefined ? '' : upstreamName(backend),
      policies: { ...pathPolicies(reading, wanted), ...(errorPages.policy !== undefined && { errorPages: errorPages.policy }), ...(redirect.when === 'always' && { httpsRedirect: redirect.policy }) },
    },
    place: pathPlace(wanted),
    redirectWithTls: redirect.when === 'host-has-tls' ? redirect.policy : undefined,
    backend,
    passthrough: host === '' ? undefined : passthroughRef(reading, wanted),
    errorBackend: errorPages.backend,
    isDefault: wanted.isDefault,
    field: wanted.field,
  }
}

/** undefined: the path answers by itself, or names what is no Service (an issue). */
export function backendOf(reading: Reading, wanted: WantedPath): BackendRef | undefined {
  const { ingress, object, annotations: { values }, context: { settings }, issues } = reading
  if (wanted.backend === undefined) return undefined
  if ('service' in wanted.backend) {
    const { name, port } = wanted.backend.service
    const protocol = PROTOCOLS[values['backend-protocol'] ?? 'HTTP'] ?? 'http'
    const viaClusterIp = values['service-upstream'] ?? settings['service-upstream']
    const { namespace } = ingress.meta
    const tls = endpointTls(values, protocol, `${name}.${namespace}.svc`)
    const options = tls === undefined ? reading.options : backendOptions(values, settings, tls)
    return backendRef({ namespace, name, port, protocol, options, viaClusterIp, object, field: wanted.field })
  }
  issues.push({ object, field: wanted.field, reason: 'backend.resource can not be served: this path answers 404; name a Service instead' })
  return undefined
}

function pathPolicies(reading: Reading, wanted: WantedPath): Policies {
  const { ingress, policies, annotations: { values } } = reading
  const affinity = affinityOf(reading, wanted)
  const sticky = affinity === undefined || wanted.backend === undefined ? policies : { ...policies, affinity }
  // An Ingress without rules is the catch-all: redirects and rewrites would take every unknown request (ingress-nginx.md §4.3).
  const { redirect, ...others } = sticky
  if (ingress.rules.length === 0) return others
  const target = values['rewrite-target']
  return target === undefined || target === wanted.path ? sticky : { ...sticky, rewrite: { target } }
}
