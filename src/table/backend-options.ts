// Annotations of an Ingress → how requests are spread over the endpoints of its Services. Knows no Services.
import type { BackendOptions } from '../model.ts'

export const defaultBackendOptions: BackendOptions = { balance: { kind: 'round_robin' }, slowStartMs: 0 }

/** What distinguishes these from the default, for the key of a backend: `` where nothing does. */
export function optionsText(options: BackendOptions): string {
  return Object.entries(options).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(Reflect.get(defaultBackendOptions, name)))
    .map(([name, value]) => `|${name}=${JSON.stringify(value)}`).join('')
}
