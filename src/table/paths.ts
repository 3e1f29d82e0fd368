// Paths of Ingress rules: which are refused, and how the others match. Knows nothing of hosts, annotations or backends.
import type { IngressPath } from '../kube/objects.ts'
import type { PathMatch } from '../model.ts'

/** Control characters and spaces never stand in a request's path. */
const UNPRINTABLE = /[\u0000-\u0020\u007f]/
/** In nginx they end a string or a directive: ingress-nginx refuses them, though `;` is legal in a path (RFC 3986 §3.3). */
const NOT_IN_A_PATH = /[{};"\\]/
/** What ingress-nginx's deep inspection looks for (ingress-nginx.md §4.14 #1). */
const SUSPICIOUS = /\b(?:alias|root)\s[^;]*;|\/etc\/(?:passwd|shadow|group|nginx|ingress-controller)|\/var\/run\/secrets|_by_lua/
/** Signs of a regular expression that no one writes into a literal path. */
const LOOKS_LIKE_REGEX = /[[\]|^]|\.[*+]|\((?:[.?/]|\[)/

export type PathRule = Pick<IngressPath, 'path' | 'pathType'> & { readonly regex: boolean }

/** Why the path can't be served, undefined for a good one. */
export function pathFault(rule: PathRule, deepInspect: boolean): string | undefined {
  if (!rule.path.startsWith('/')) return 'does not start with /'
  if (UNPRINTABLE.test(rule.path)) return 'contains a space or a control character'
  if (deepInspect && SUSPICIOUS.test(rule.path)) return 'contains text that --deep-inspect refuses'
  if (rule.regex) return regexFault(rule.path)
  if (!NOT_IN_A_PATH.test(rule.path)) return undefined
  return 'contains one of { } ; " \\, which a literal path must not have (for a regular expression set use-regex)'
}

export function looksLikeRegex(rule: PathRule): boolean {
  return !rule.regex && LOOKS_LIKE_REGEX.test(rule.path)
}

/** Of a path without fault. ImplementationSpecific is Prefix (ingress-nginx.md F3). */
export function pathMatch(rule: PathRule): PathMatch {
  if (rule.regex) return { kind: 'regex', value: rule.path }
  if (rule.pathType === 'Exact') return { kind: 'exact', value: rule.path }
  return { kind: 'prefix', value: rule.path.replace(/\/+$/, '') }
}

/** What a canary's path and its main's have in common, whatever either's use-regex makes of it: `/a (Prefix)` (ingress-nginx.md §4.8). */
export function pathPlace({ path, pathType }: Omit<PathRule, 'regex'>): string {
  const match = pathMatch({ path, pathType, regex: false })
  return `${pathText(match)} (${match.kind === 'exact' ? 'Exact' : 'Prefix'})`
}

/** Its path again as a person writes it. */
export function pathText(match: PathMatch): string {
  return match.value === '' ? '/' : match.value
}

/** Order of trial: what is equal wins; then the longer text, then the later one, prefix and regex side by side (ingress-nginx.md §4.3). */
export function comparePaths(a: PathMatch, b: PathMatch): number {
  if ((a.kind === 'exact') !== (b.kind === 'exact')) return a.kind === 'exact' ? -1 : 1
  const [left, right] = [pathText(a), pathText(b)]
  if (left.length !== right.length) return right.length - left.length
  if (left !== right) return left < right ? 1 : -1
  return a.kind === b.kind ? 0 : a.kind === 'prefix' ? -1 : 1
}

function regexFault(source: string): string | undefined {
  try {
    new RegExp(`^(?:${source})`, 'i')
    return undefined
  } catch (error) {
    return `is not a regular expression that we can run (${error instanceof Error ? error.message : 'syntax error'})`
  }
}
