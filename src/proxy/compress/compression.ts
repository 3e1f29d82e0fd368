// What compression makes of an answer's head: whether it is for this client, for others, or for nobody. Knows no bodies.
import { type FieldBlock, FieldBlock as Block } from '../../http/fields.ts'
import { isGrpc } from '../../http/grpc.ts'
import type { ReceivedAnswer, ReceivedRequest } from '../../http/message.ts'
import type { Coding, Settings } from '../../settings.ts'
import { preferred } from './accept.ts'
import type { Compressor, Compressors } from './compressor.ts'
import { EditedHead } from './edited-head.ts'

/** How one coding is applied; types: in lower case. */
type Rule = { readonly coding: Coding; readonly level: number; readonly minBytes: number; readonly types: ReadonlySet<string>; readonly refused: RegExp | null }

/** What is sent in place of what came. compressor null: the body as it is. */
export type Outgoing = { readonly head: ReceivedAnswer; readonly added: FieldBlock; readonly compressor: Compressor | null }

/** Fields that would not be true of the compressed body, and the length, which is not known (RFC 9110 §8.6, §14.3, RFC 9530). */
const DROPPED = new Set(['content-length', 'accept-ranges', 'content-md5', 'digest', 'content-digest', 'repr-digest'])
const VARY: readonly [string, string] = ['Vary', 'Accept-Encoding']
const ANY = '*'

export class Compression {
  readonly #rules: readonly Rule[]
  readonly #compressors: Compressors
  readonly #varied = new WeakMap<FieldBlock, FieldBlock>()

  constructor(codings: readonly Coding[], settings: Settings, compressors: Compressors) {
    this.#rules = codings.map((coding) => ruleOf(coding, settings))
    this.#compressors = compressors
  }

  outgoing(head: ReceivedAnswer, added: FieldBlock, request: ReceivedRequest): Outgoing {
    const asItIs = { head, added, compressor: null }
    if (WITHOUT_WHOLE_BODY.has(head.status)) return asItIs
    const facts = factsOf(head)
    if (head.status === NOT_MODIFIED) return this.#notModified(asItIs, facts, request)
    const rules = facts.isFixed ? [] : this.#rules.filter((rule) => fits(rule, facts.type, head.length))
    if (rules.length === 0) return asItIs
    const rule = chosen(rules, request)
    // A client is told the same by HEAD as by GET, though nothing is compressed (RFC 9110 §9.3.2).
    const isHead = request.method === 'HEAD'
    const compressor = rule === null || isHead ? null : this.#compressors.open(rule.coding, rule.level)
    if (rule === null || (compressor === null && !isHead)) return this.#varying(asItIs, facts)
    const pairs = facts.pairs.flatMap((pair) => edited(pair, facts))
    pairs.push(['Content-Encoding', rule.coding])
    if (!facts.varies) pairs.push(VARY)
    return { head: new EditedHead(head, pairs, UNKNOWN), added, compressor }
  }

  /** What the client has may be compressed: its ETag is weak then, and a strong one would not be of that answer (RFC 9111 §4.3.4). */
  #notModified(asItIs: Outgoing, facts: Facts, request: ReceivedRequest): Outgoing {
    if (facts.isFixed) return asItIs
    const { head } = asItIs
    const isWeakened = facts.strongEtag && chosen(this.#rules, request) !== null
    return this.#varying(isWeakened ? { ...asItIs, head: new EditedHead(head, facts.pairs.map(weakened), head.length) } : asItIs, facts)
  }

  /** Who keeps it must ask again for a client that accepts something else. */
  #varying(outgoing: Outgoing, { varies }: Facts): Outgoing {
    if (varies) return outgoing
    let added = this.#varied.get(outgoing.added)
    if (added === undefined) this.#varied.set(outgoing.added, added = new Block([...outgoing.added.pairs, VARY]))
    return { ...outgoing, added }
  }
}

const UNKNOWN = -1
const NOT_MODIFIED = 304
/** They have no body, or a part of one that is counted in octets of the original. */
const WITHOUT_WHOLE_BODY = new Set([204, 205, 206])

const ruleOf = (coding: Coding, settings: Settings): Rule => {
  switch (coding) {
    case 'gzip': return { coding, level: settings['gzip-level'], minBytes: settings['gzip-min-length'], types: typesOf(settings['gzip-types']), refused: refusedOf(settings['gzip-disable']) }
    case 'br': return { coding, level: settings['brotli-level'], minBytes: settings['brotli-min-length'], types: typesOf(settings['brotli-types']), refused: null }
    case 'zstd': return { coding, level: settings['zstd-level'], minBytes: settings['zstd-min-length'], types: typesOf(settings['zstd-types']), refused: null }
  }
}
const typesOf = (types: readonly string[]): ReadonlySet<string> => new Set([...types, 'text/html'])
/** msie6 is nginx's own word for Internet Explorer 4 to 6 without its second service pack. */
const refusedOf = (text: string): RegExp | null => (text === '' ? null : text === 'msie6' ? /MSIE [4-6]\.(?!.*SV1)/ : new RegExp(text, 'i'))

const fits = ({ types, minBytes }: Rule, type: string, length: number): boolean => (types.has(type) || (types.has(ANY) && type !== '')) && (length < 0 || length >= minBytes)

/** As nginx: no client of HTTP/1.0, which would have to lose its connection as the length is not known. */
const chosen = (rules: readonly Rule[], request: ReceivedRequest): Rule | null => {
  if (request.protocol === 'HTTP/1.0') return null
  const accepted = request.fields('accept-encoding').join(',')
  const offered = rules.filter(({ refused }) => refused?.test(request.field('user-agent') ?? '') !== true)
  const coding = preferred(accepted, offered.map((rule) => rule.coding))
  return offered.find((rule) => rule.coding === coding) ?? null
}

/** type: in lower case, without parameters. isFixed: it has a coding, is a part, is a gRPC call, or must not be changed on its way. */
type Facts = { readonly pairs: readonly (readonly [string, string])[]; readonly type: string; readonly isFixed: boolean; readonly varies: boolean; readonly strongEtag: boolean }

const factsOf = (head: ReceivedAnswer): Facts => {
  const pairs: (readonly [string, string])[] = []
  let type = ''
  let isFixed = false
  let varies = false
  let strongEtag = false
  head.each((name, value) => {
    pairs.push([name, value])
    switch (name.toLowerCase()) {
      case 'content-type':
        type = value.split(';', 1)[0]!.trim().toLowerCase()
        isFixed ||= isGrpc(type)
        break
      case 'content-encoding': case 'content-range': isFixed = true; break
      case 'cache-control': isFixed ||= members(value).includes('no-transform'); break // RFC 9111 §5.2.2.6
      case 'vary': varies ||= members(value).some((member) => member === 'accept-encoding' || member === ANY); break
      case 'etag': strongEtag = isStrong(value); break
    }
  })
  return { pairs, type, isFixed, varies, strongEtag }
}
const members = (list: string): string[] => list.toLowerCase().split(',').map((member) => member.trim())

/** Another sequence of octets than the strong ETag is of (RFC 9110 §8.8.3). */
const isStrong = (etag: string): boolean => !etag.startsWith('W/')
type Pair = readonly [string, string]
const weakened = (pair: Pair): Pair => (pair[0].toLowerCase() === 'etag' && isStrong(pair[1]) ? [pair[0], `W/${pair[1]}`] : pair)
const edited = (pair: Pair, { strongEtag }: Facts): Pair[] => (DROPPED.has(pair[0].toLowerCase()) ? [] : [strongEtag ? weakened(pair) : pair])
