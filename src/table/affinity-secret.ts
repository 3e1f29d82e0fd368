// What keys the cookies of a persistent affinity. Knows no cookie.
import { createHmac } from 'node:crypto'
import type { Service } from '../kube/objects.ts'

/**
 * Its cookies name an endpoint by a hash, and 2^24 private addresses are tried in no time: the key must be something that clients can't know, and
 * that every instance of Lintel knows and still knows after a restart. That is the uid of the Service: random, and seen only by those who
 * may read its endpoints anyway. `seed`: a secret of this process, for manifests without a uid; its cookies do not outlive the process.
 */
export function affinitySecret({ meta: { uid, namespace, name } }: Service, seed: string): string {
  return createHmac('sha256', uid === '' ? seed : uid).update(`affinity ${namespace}/${name}`).digest('hex')
}
