// What acts here as in ingress-nginx by name, and still does something else: told to whoever comes from there. Data only.

/** `only`: for these values; `sharedHost`: where another Ingress has paths of the same host. Absent: always. */
export type Difference = { readonly how: string; readonly only?: RegExp; readonly sharedHost?: true }

/** ingress-nginx.md F4 */
const ONE_INGRESS = 'makes regular expressions of the paths of this Ingress alone; in ingress-nginx of every path of the host, which other Ingresses have too'
const HEADS = 'bounds no head of an answer: one that ingress-nginx answers with 502 is passed on'
/** What PCRE knows and JavaScript does not, or reads as something else. */
const PCRE_ONLY = /\[\[:|\(\?[>#|R&P(]|[+*?}]\+|\\[AzZGKQERhHX]/

export const annotationDifferences: Readonly<Record<string, Difference>> = {
  'use-regex': { how: ONE_INGRESS, only: /^(?:1|t|true)$/i, sharedHost: true },
  'rewrite-target': { how: ONE_INGRESS, sharedHost: true },
  'backend-protocol': { how: 'is not supported yet with this value: HTTP is used', only: /^(?:AUTO_HTTP|FCGI)$/i },
  'proxy-buffer-size': { how: HEADS },
  'auth-tls-match-cn': { how: 'is read as JavaScript reads it, there as PCRE: write it in what both know', only: PCRE_ONLY },
  'upstream-hash-by': { how: 'gives values to other endpoints than ingress-nginx did; requests without a value take turns, there they all go to one endpoint' },
  'affinity': { how: 'does not read the cookies that ingress-nginx gave out: each client gets a new one, and perhaps another endpoint, once' },
  'mirror-target': { how: 'drops copies where there are too many at once or a body exceeds 1m' },
  'canary-by-header-pattern': { how: 'is read as JavaScript reads it, there as PCRE: write it in what both know', only: PCRE_ONLY },
}

const REFUSED = 'in ingress-nginx such a value keeps the whole Ingress, or its new version, from being served'

/** What a value that is not valid here means there, where it is not simply ignored as well (ingress-nginx.md §1). */
export const badValues: Readonly<Record<string, string>> = {
  'upstream-vhost': 'ingress-nginx fills in variables',
  'auth-tls-error-page': 'in ingress-nginx it may be a path of the same host, or have variables: here clients get 400',
  'client-body-buffer-size': REFUSED,
  'permanent-redirect': REFUSED,
  'temporal-redirect': REFUSED,
  'load-balance': 'ingress-nginx knows other ways too, and refuses the whole Ingress where it does not know one',
  'upstream-hash-by': REFUSED,
  'upstream-hash-by-subset': REFUSED,
  'upstream-hash-by-subset-size': REFUSED,
}

export const keyDifferences: Readonly<Record<string, Difference>> = {
  'proxy-buffer-size': { how: HEADS },
}
