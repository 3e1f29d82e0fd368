// What becomes of annotations and ConfigMap keys, seen by someone who comes from ingress-nginx: what is as it was there, and what is not.
// Knows no routes.
import { judgeKey } from '../settings/config-map.ts'
import { inactiveKeys } from '../settings/inactive-keys.ts'
import { boolean } from '../settings/values.ts'
import { type Judged, judgeAnnotation } from './annotations.ts'
import { annotationDifferences, badValues, type Difference, keyDifferences } from './differences.ts'
import { inactiveAnnotations } from './inactive-annotations.ts'
import { globalGuards } from './policies.ts'

/**
 * understood: acts as in ingress-nginx. differs: acts, or is missed, otherwise than there. unsupported: ignored for now. closes: its routes
 * answer 503. invalid: the value; the default holds, as there. needless: without effect, and not missed, be it only for its value. unknown:
 * ingress-nginx ignores it too.
 */
export type Standing = 'understood' | 'differs' | 'unsupported' | 'closes' | 'invalid' | 'needless' | 'unknown'
/** field: the whole annotation name, or the key. reason: `` where it is understood. */
export type Assessed = { readonly field: string; readonly value: string; readonly standing: Standing; readonly reason: string }

const CHANGES: readonly Standing[] = ['differs', 'unsupported', 'closes']

/** Whether something is served otherwise than by ingress-nginx. */
export function isChange({ standing }: Assessed): boolean {
  return CHANGES.includes(standing)
}

type Circumstances = { readonly prefix: string; readonly sharesHost: boolean }

/** In the order of `raw`; what is none of ours is left out. */
export function assessAnnotations(raw: Readonly<Record<string, string>>, { prefix, sharesHost }: Circumstances): Assessed[] {
  const isSet = (name: string) => {
    const value = raw[`${prefix}/${name}`]?.trim() ?? ''
    return value !== '' && !isOff(value, inactiveAnnotations[name]?.off)
  }
  return Object.entries(raw).flatMap(([field, value]): Assessed[] => {
    const judged = judgeAnnotation([field, value], prefix)
    return judged === undefined ? [] : [{ field, value, ...standingOf(judged, { value: value.trim(), sharesHost, isSet }) }]
  })
}

/** `field`: the key. */
export function assessKeys(data: Readonly<Record<string, string>>): Assessed[] {
  return Object.entries(data).map(([field, value]) => ({ field, value, ...keyStanding(field, value.trim()) }))
}

type Found = Pick<Assessed, 'standing' | 'reason'>
type Context = { readonly value: string; readonly sharesHost: boolean; readonly isSet: (name: string) => boolean }

function standingOf({ name, verdict, reason }: Judged, { value, sharesHost, isSet }: Context): Found {
  if (verdict === 'acts') return understood(annotationDifferences[name], value, sharesHost)
  const meant = verdict === 'invalid' ? badValues[name] : undefined
  if (meant !== undefined) return { standing: 'differs', reason: `${reason}; ${meant}` }
  if (verdict !== 'unsupported' && verdict !== 'needless') return { standing: verdict, reason }
  const { differs, off, needs } = inactiveAnnotations[name] ?? {}
  if (differs !== undefined) return { standing: 'differs', reason: `${reason}; ${differs}` }
  if (isOff(value, off)) return { standing: 'needless', reason: 'asks for what is the case anyway' }
  if (needs !== undefined && !needs.some(isSet)) return { standing: 'needless', reason: `ingress-nginx does not read it either without ${needs.join(' or ')}` }
  return { standing: verdict, reason }
}

function keyStanding(key: string, value: string): Found {
  const { verdict, reason } = judgeKey(key, value)
  if (globalGuards.some((guard) => guard === key) && value !== '') {
    return { standing: 'closes', reason: 'not supported yet, and it protects: all routes answer 503 until it is removed' }
  }
  if (verdict === 'acts') return understood(keyDifferences[key], value, false)
  // What ingress-nginx makes of it depends on the key: many are pasted as they stand.
  if (verdict === 'invalid') return { standing: 'differs', reason }
  const known = inactiveKeys[key]
  if (known !== undefined && isOff(value, known.default)) return { standing: 'needless', reason: 'is the default of ingress-nginx' }
  return { standing: verdict === 'needless' && known?.differs === true ? 'differs' : verdict, reason }
}

function understood(difference: Difference | undefined, value: string, sharesHost: boolean): Found {
  const isSame = difference === undefined || difference.only?.test(value) === false || (difference.sharedHost === true && !sharesHost)
  return isSame ? { standing: 'understood', reason: '' } : { standing: 'differs', reason: difference.how }
}

/** Equal, or the same boolean in another writing. */
function isOff(value: string, off: string | undefined): boolean {
  if (off === undefined) return false
  const [read, wanted] = [boolean.safeParse(value), boolean.safeParse(off)]
  return value === off || (read.success && wanted.success && read.data === wanted.data)
}
