// What happens to the cluster before a step's request: a sentence in the case, or one that its id implies. Pure.
import type { Given, IngressCase } from './case.ts'

/** `auth`: the AUTH server goes away. */
export type Change = { readonly given: (given: Given) => Given; readonly auth?: 'removed' }

const SENTENCES: readonly (readonly [RegExp, (words: readonly string[]) => Change])[] = [
  [/^scale to (\d+)$/, ([replicas]) => ({ given: (given) => ({ ...given, replicas: Number(replicas) }) })],
  [/^auth backend removed$/, () => ({ given: (given) => given, auth: 'removed' })],
  [
    /^([a-z-]+): (\S+)$/,
    ([key = '', value = '']) => ({
      given: (given) => everyIngress(given, ({ annotations }) => ({ annotations: { ...annotations, [key]: value } })),
    }),
  ],
]

/** These cases state the end of a story and the cluster at its beginning. */
const IMPLIED: Readonly<Record<string, (given: Given) => Given>> = {
  'tls-added-to-existing-ingress': (given) => everyIngress(given, ({ host = '' }) => ({ tls: { hosts: [host], secret: host } })),
  'tls-secret-deleted-falls-back': (given) => ({
    ...given,
    objects: Object.fromEntries(given.ingresses.map(({ host }) => [`secret/${host}`, 'absent'])),
  }),
  'tls-host-changed': (given) => everyIngress(given, () => ({ host: 'foo2.com' })),
  'tls-block-removed': (given) => everyIngress(given, () => ({ tls: undefined })),
}

function everyIngress(given: Given, change: (ingress: Given['ingresses'][number]) => Partial<Given['ingresses'][number]>): Given {
  return { ...given, ingresses: given.ingresses.map((ingress) => ({ ...ingress, ...change(ingress) })) }
}

/** undefined: nothing changes before this step; 'unknown': no row knows the sentence. */
export function changeBefore({ id, steps }: IngressCase, index: number): Change | undefined | 'unknown' {
  const implied = IMPLIED[id]
  if (index === 0 && implied) return { given: implied }
  const sentence = steps[index]?.change
  if (sentence === undefined) return undefined
  for (const [pattern, change] of SENTENCES) {
    const match = pattern.exec(sentence)
    if (match) return change(match.slice(1))
  }
  return 'unknown'
}

/** The most replicas that a case ever has. */
export function mostReplicas({ given, steps }: IngressCase): number {
  return Math.max(given.replicas, ...steps.map(({ change = '' }) => Number(/^scale to (\d+)$/.exec(change)?.[1] ?? 0)))
}
