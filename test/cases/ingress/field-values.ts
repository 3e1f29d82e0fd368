// How the format writes field values: placeholders, presence, prefixes, and the default ports that a test run can't have. Pure.
import { NAMESPACE } from './secrets.ts'

/** Where the program under test listens. */
export type Ports = { readonly http: number; readonly https: number }

const CLIENT_ADDRESS = '127.0.0.1'
const PLACEHOLDERS: Readonly<Record<string, (value: string) => boolean>> = {
  '<client>': (value) => value === CLIENT_ADDRESS,
  '<32 hex>': (value) => /^[0-9a-f]{32}$/.test(value),
  '<id>': (value) => value !== '',
  '<svc>': (value) => value !== '',
  NS: (value) => value === NAMESPACE,
  '*': (value) => value !== '',
}

/** `*` asks for any value, except where it is the value: Access-Control-Allow-Origin and its kin. */
export function isPresence(name: string, expected: string): boolean {
  return expected === '*' && !/^access-control-/i.test(name)
}

/** undefined: a placeholder that is not known. `value...` is a prefix. */
export function fieldPattern(
  expected: string,
  { name = '', ports }: { name?: string; ports?: Ports } = {},
): ((value: string) => boolean) | undefined {
  const literal = expected === '*' && !isPresence(name, expected)
  const placeholder = literal ? undefined : PLACEHOLDERS[expected]
  if (placeholder) return placeholder
  if (/<[^>]*>/.test(expected)) return undefined
  if (expected.endsWith('...')) return (value) => value.startsWith(expected.slice(0, -3))
  // The format speaks of port 80; a run listens wherever it could.
  if (/^x-forwarded-port$/i.test(name) && expected === '80' && ports) return (value) => value === '80' || value === String(ports.http)
  return (value) => value === expected
}

/** Equal, the default ports and the run's own ones written or not: ingress-nginx writes `:80` where others leave it out. */
export function sameLocation(got: string, expected: string, { http, https }: Ports): boolean {
  const plain = (text: string) =>
    text
      .replace(new RegExp(`^(http://[^/:]+):(?:80|${http})(?=/|$)`), '$1')
      .replace(new RegExp(`^(https://[^/:]+):(?:443|${https})(?=/|$)`), '$1')
  return plain(got) === plain(expected)
}
