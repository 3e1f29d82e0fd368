// Field names: which ones a proxy must know, found by comparing received bytes in place; and ready-made blocks of fields to add.
// Knows no message and no protocol version.
import { equalsFolded, foldedWord } from './h1/octets.ts'

/** What a head's reader has to do with a field. 0 means: nothing, pass it on untouched. */
export const KIND = {
  PASS: 0, DROP: 1, HOST: 2, CONNECTION: 3, CONTENT_LENGTH: 4, TRANSFER_ENCODING: 5, EXPECT: 6, UPGRADE: 7, REQUEST_ID: 8, DATE: 9, FORWARDED: 10, KEEP_ALIVE: 11,
} as const
export type Kind = (typeof KIND)[keyof typeof KIND]

/** Connection-specific fields that must not be forwarded (RFC 9110 §7.6.1), and `proxy` (httpoxy, CVE-2016-5385). */
export const HOP_BY_HOP = ['keep-alive', 'proxy-connection', 'te', 'trailer', 'proxy-authenticate', 'proxy-authorization', 'http2-settings', 'proxy']
/** What clients must not tell upstreams about themselves: the proxy sets these anew. */
export const FORWARDING = ['forwarded', 'x-real-ip', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-port', 'x-forwarded-scheme',
  'x-scheme', 'x-original-forwarded-for', 'x-original-forwarded-host']
/** What clients must not say of their certificates, also as servers that take a hyphen for an underscore read it. */
export const CLIENT_CERTIFICATE = ['ssl-client-cert', 'ssl-client-verify', 'ssl-client-subject-dn', 'ssl-client-issuer-dn'].flatMap(withUnderscores)
/** Trailers that would change framing, routing or authentication if merged into a head (RFC 9110 §6.5.1). */
export const FORBIDDEN_TRAILERS = [...HOP_BY_HOP, ...FORWARDING, ...CLIENT_CERTIFICATE, 'content-length', 'transfer-encoding', 'connection', 'upgrade', 'host', 'expect', 'authorization',
  'cookie', 'set-cookie', 'content-encoding', 'content-type', 'content-range', 'cache-control', 'max-forwards', 'range', 'x-request-id']

/** Every hyphen of a name as an underscore, in all ways. */
function withUnderscores(name: string): string[] {
  const [head = '', ...rest] = name.split('-')
  return rest.reduce((names, part) => names.flatMap((made) => [`${made}-${part}`, `${made}_${part}`]), [head])
}

type Entry = { readonly bytes: Uint8Array; readonly kind: Kind; readonly next: Entry | null }

/** Names grouped by length and first letter: most fields of a head miss without a comparison. */
export class NameTable {
  readonly #slots: (Entry | null)[] = new Array<Entry | null>(1024).fill(null)
  readonly #kinds = new Map<string, Kind>()

  constructor(names: Iterable<readonly [name: string, kind: Kind]>) {
    for (const [name, kind] of names) {
      const bytes = foldedWord(name)
      this.#kinds.set(name.toLowerCase(), kind)
      const slot = slotOf(bytes.length, bytes[0] ?? 0)
      this.#slots[slot] = { bytes, kind, next: this.#slots[slot] ?? null }
    }
  }

  /** Kind of the name bytes[from..to); the name added last wins. */
  kindOf(bytes: Uint8Array, from: number, to: number): Kind {
    for (let entry = this.#slots[slotOf(to - from, bytes[from]!)]!; entry !== null; entry = entry.next!) {
      if (equalsFolded(bytes, from, to, entry.bytes)) return entry.kind
    }
    return KIND.PASS
  }
  /** The same for a name that is text already, in lower case. */
  kindOfName(name: string): Kind { return this.#kinds.get(name) ?? KIND.PASS }
}
const slotOf = (length: number, first: number) => ((length & 31) << 5) | (first & 31)

const dropped = (names: Iterable<string>): [string, Kind][] => [...names].map((name) => [name, KIND.DROP])

/** Names of a request that concern us; `alsoDropped` in lower case (fields that the proxy sets itself). */
export const requestNames = (alsoDropped: Iterable<string> = []) => new NameTable([
  ...dropped(HOP_BY_HOP), ...dropped(CLIENT_CERTIFICATE), ...FORWARDING.map((name): [string, Kind] => [name, KIND.FORWARDED]),
  ['host', KIND.HOST], ['connection', KIND.CONNECTION], ['content-length', KIND.CONTENT_LENGTH], ['transfer-encoding', KIND.TRANSFER_ENCODING],
  ['expect', KIND.EXPECT], ['upgrade', KIND.UPGRADE], ['x-request-id', KIND.REQUEST_ID], ...dropped(alsoDropped),
])
/** Names of an answer that concern us; `alsoDropped` in lower case (hidden fields, fields that the proxy sets itself). */
export const answerNames = (alsoDropped: Iterable<string> = []) => new NameTable([
  ...dropped(HOP_BY_HOP), ['connection', KIND.CONNECTION], ['content-length', KIND.CONTENT_LENGTH], ['transfer-encoding', KIND.TRANSFER_ENCODING],
  ['upgrade', KIND.UPGRADE], ['date', KIND.DATE], ['keep-alive', KIND.KEEP_ALIVE], ...dropped(alsoDropped),
])
/** Trailers: what must not pass. */
export const trailerNames = new NameTable(dropped(FORBIDDEN_TRAILERS))

type Each = { each(visit: (name: string, value: string) => void): void }
/** Received fields as a list, for protocols that take one. */
export const pairsOf = (fields: Each): (readonly [name: string, value: string])[] => {
  const pairs: (readonly [string, string])[] = []
  fields.each((name, value) => pairs.push([name, value]))
  return pairs
}

/** Fields made once and put on many messages. */
export class FieldBlock {
  readonly pairs: readonly (readonly [string, string])[]
  /** As HTTP/1.1 field lines. */
  readonly bytes: Buffer
  constructor(pairs: readonly (readonly [string, string])[]) {
    this.pairs = pairs
    this.bytes = Buffer.from(pairs.map(([name, value]) => `${name}: ${value}\r\n`).join(''), 'latin1')
  }
}
export const noFields = new FieldBlock([])
/** A field without a value is not sent, as in nginx: naming it only takes away what others set. */
export const fieldBlock = (pairs: readonly (readonly [string, string])[]): FieldBlock => {
  const sent = pairs.filter(([, value]) => value !== '')
  return sent.length === 0 ? noFields : new FieldBlock(sent)
}
