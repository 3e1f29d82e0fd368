// What an Event (events.k8s.io/v1) says of an object of the cluster, and its name, which follows from what it says: the API server keeps the
// first, so that one thing is said once. Pure.
import { createHash } from 'node:crypto'
import type { Issue } from '../model.ts'
import { resources } from './resources.ts'

/** The API server's own limit for a note, octets. */
const MOST_NOTE = 1024
const CONTROLLER = 'lintel.dev/ingress-controller'

/** key: as of the store. about: what tells it from others of the same object. */
export type Saying = {
  readonly key: string
  readonly resource: { readonly kind: string; readonly apiVersion: string }
  readonly type: 'Warning' | 'Normal'
  readonly reason: string
  readonly action: string
  readonly note: string
  readonly about: unknown
}

/** null: the issue is about no object of the cluster. */
export function sayingOf(issue: Issue): Saying | null {
  const [kind = '', key = '', ...more] = issue.object.split(' ')
  if (!isKind(kind) || key === '' || more.length > 0) return null
  const note = issue.field === '' ? issue.reason : `${issue.field}: ${issue.reason}`
  return { key, resource: resourceOf(kind), type: 'Warning', reason: 'Issue', action: 'Serve', note, about: [issue.field, issue.reason] }
}

/** In the words of ingress-nginx, which people's tools look for. version: what the Ingress is now. */
export const syncOf = (key: string, version: unknown): Saying =>
  ({ key, resource: resourceOf('Ingress'), type: 'Normal', reason: 'Sync', action: 'Sync', note: 'Scheduled for sync', about: ['sync', version] })

/** uid: of the object, `` where it is not known. */
export function nameOf({ key, resource, about }: Saying, uid: string): string {
  const digest = createHash('sha256').update(JSON.stringify([resource.kind, uid, about])).digest('hex').slice(0, 16)
  // The longest name is 253 octets.
  return `${key.split('/').at(-1)?.slice(0, 200)}.${digest}`
}

/** Events about what has no namespace go to `default`, as kubectl expects. */
export const namespaceOf = ({ key }: Saying): string => (key.includes('/') ? key.slice(0, key.indexOf('/')) : 'default')

/** instance: of this replica. */
export function eventOf(saying: Saying, { name, uid, instance }: { readonly name: string; readonly uid: string; readonly instance: string }): object {
  const { key, resource, type, reason, action, note } = saying
  return {
    apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: { namespace: namespaceOf(saying), name },
    eventTime: new Date().toISOString().replace('Z', '000Z'),
    type, reason, action, note: shortened(note),
    regarding: { ...resource, namespace: key.includes('/') ? namespaceOf(saying) : undefined, name: key.split('/').at(-1), uid: uid || undefined },
    reportingController: CONTROLLER, reportingInstance: instance,
  }
}

const isKind = (kind: string): kind is keyof typeof resources => Object.hasOwn(resources, kind)
const resourceOf = (kind: keyof typeof resources) => ({ kind, apiVersion: resources[kind].apiVersion })

function shortened(text: string): string {
  return Buffer.byteLength(text) <= MOST_NOTE ? text : `${Buffer.from(text).subarray(0, MOST_NOTE - 4).toString('utf8').replace(/�+$/, '')} …`
}
