// Annotations of an Ingress → how requests are spread over the endpoints of its Services. Knows no Services.
import type { Balance, BackendOptions, EndpointTls, HealthCheck, Limits } from '../model.ts'
import type { Annotations } from './annotations.ts'
import { SUBSET_SIZE } from './balance-annotations.ts'
import { healthCheckOf } from './health-annotations.ts'
import type { RouteSettings } from './policies.ts'

export const defaultBackendOptions: BackendOptions = {
  balance: { kind: 'round_robin' },
  slowStartMs: 0,
  limits: { connections: 0, requests: 0, pending: 0 },
  ejectOn5xx: false,
  check: null,
}

export function backendOptions(values: Annotations, settings: Pick<RouteSettings, 'load-balance'>, tls?: EndpointTls): BackendOptions {
  const proxyProtocol = values['lintel.dev/proxy-protocol']
  const check = healthCheckOf(values)
  return {
    balance: balanceOf(values, settings),
    slowStartMs: (values['lintel.dev/slow-start'] ?? 0) * 1000,
    limits: limitsOf(values),
    ejectOn5xx: values['lintel.dev/eject-on-5xx'] ?? false,
    check: proxyProtocol === undefined ? check : tcpOnly(check),
    ...(tls !== undefined && { tls }),
    ...(proxyProtocol !== undefined && { proxyProtocol }),
  }
}

/** A check sends no PROXY header, without which such an endpoint answers nothing: whether it takes connections is all that can be seen. */
const tcpOnly = (check: HealthCheck | null): HealthCheck | null => check === null ? null : { ...check, type: 'tcp' }

/** Affinity goes before a hash, that before load-balance, as in ingress-nginx. */
function balanceOf(values: Annotations, settings: Pick<RouteSettings, 'load-balance'>): Balance {
  const by = values['upstream-hash-by']
  if (values.affinity !== undefined) return { kind: 'sticky', persistent: values['affinity-mode'] === 'persistent' }
  if (by !== undefined) return { kind: 'hash', by, subset: values['upstream-hash-by-subset'] === true ? values['upstream-hash-by-subset-size'] || SUBSET_SIZE : 0 }
  return { kind: values['load-balance'] ?? settings['load-balance'] }
}

function limitsOf(values: Annotations): Limits {
  return {
    connections: values['lintel.dev/max-connections'] ?? 0,
    requests: values['lintel.dev/max-requests'] ?? 0,
    pending: values['lintel.dev/max-pending'] ?? 0,
  }
}

/** What distinguishes these from the default, for the key of a backend: `` where nothing does. */
export function optionsText(options: BackendOptions): string {
  if (Bun.deepEquals(options, defaultBackendOptions)) return ''
  return Object.entries(options).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(Reflect.get(defaultBackendOptions, name)))
    .map(([name, value]) => `|${name}=${JSON.stringify(value)}`).join('')
}
