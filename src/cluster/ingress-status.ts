// What `status` of an Ingress says, as it comes from the API server, and the patch that makes it say something else. Pure.
import { isIP } from 'node:net'
import { listAt, textAt } from './raw.ts'

/** The owner of what we write, as managedFields names it. */
export const FIELD_MANAGER = 'lintel'

/** addresses: sorted; the text that comparing takes. isOurs: we wrote it, so that it is ours to clear. */
export type IngressStatus = { readonly addresses: string; readonly isOurs: boolean }

export const NO_STATUS: IngressStatus = { addresses: '', isOurs: false }

/** raw: an Ingress. */
export function statusOf(raw: unknown): IngressStatus {
  const entries = listAt(raw, 'status', 'loadBalancer', 'ingress').map((entry) => textAt(entry, 'ip') || textAt(entry, 'hostname'))
  const isOurs = listAt(raw, 'metadata', 'managedFields').some((entry) => textAt(entry, 'manager') === FIELD_MANAGER && textAt(entry, 'subresource') === 'status')
  return { addresses: addressText(entries), isOurs }
}

/** One text for one set of addresses. */
export const addressText = (addresses: Iterable<string>): string => [...new Set(addresses)].filter((address) => address !== '').toSorted().join()

/** For server-side apply, so that it is known whose addresses they are. addresses: of addressText; ``: what is ours goes. */
export function statusPatch(key: string, addresses: string): object {
  const [namespace, name] = key.split('/')
  const ingress = addresses === '' ? undefined : addresses.split(',').map((address) => (isIP(address) > 0 ? { ip: address } : { hostname: address }))
  return {
    apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { namespace, name },
    status: ingress === undefined ? {} : { loadBalancer: { ingress } },
  }
}
