// A request head: request line and what framing, routing and forwarding need of the fields (RFC 9112 §3, §6). No I/O, no routes.
import { KIND, type Kind, type NameTable } from '../fields.ts'
import { CHUNKED, type ReceivedRequest } from '../message.ts'
import type { Scratch } from '../scratch.ts'
import { Head, KEPT, MORE } from './head.ts'
import { CLASS, CR, decimal, equalsFolded, foldedWord, LF, SP, startsWith, TARGET, TOKEN } from './octets.ts'
import { absoluteTarget, isHost, originTarget } from './target.ts'
import { LEADING_EMPTY_LINES, METHOD_BYTES } from './limits.ts'

export class RequestHead extends Head implements ReceivedRequest {
  /** As sent: any token. */
  method = ''
  /** As received, and what goes upstream where the path was normalised. */
  target = ''
  cleanTarget = ''
  /** Normalised and decoded, without query: for routing. */
  path = ''
  /** Host as sent (the target's authority where it had one); `` only in HTTP/1.0. */
  host = ''
  /** Minor version: 0 is HTTP/1.0, all others are read as 1.1 (RFC 9110 §2.5). */
  minor = 1
  /** Octets of the body, or CHUNKED. */
  length = 0
  keepAlive = true
  expectsContinue = false
  /** Upgrade's value where Connection names it, else ``. */
  upgrade = ''
  /** The client sent fields that only proxies may set. */
  forwarded = false
  /** The client's X-Request-ID. */
  requestId = ''
  #lineEnd = 0
  #targetAt = 0
  #hosts = 0
  #connectionUpgrade = false
  #upgradeField = ''
  #coding = false
  #lengths = 0
  #close = false
  /** The authority of an absolute-form target. */
  #targetHost: string | null = null

  /** Scans bytes[from..to). MORE, minus a status, or the index behind the head. */
  scan(bytes: Buffer, from: number, to: number, names: NameTable): number {
    this.buffer = bytes
    const line = this.#requestLine(this.#skipEmptyLines(from, to), to)
    if (line <= MORE) return line
    this.#forget()
    const end = this.scanFields(line, to, names)
    return end <= MORE ? end : this.#checked(end)
  }

  #skipEmptyLines(from: number, to: number): number {
    let i = from
    for (let k = 0; k < LEADING_EMPTY_LINES && i + 1 < to && this.buffer[i] === CR && this.buffer[i + 1] === LF; k++) i += 2
    this.start = i
    return i
  }

  #requestLine(i: number, to: number): number {
    const bytes = this.buffer
    let octet = bytes[i]!
    while ((CLASS[octet]! & TOKEN) !== 0) octet = bytes[++i]!
    if (i >= to) return this.unfinished(to)
    if (octet === CR && i === this.start && i + 1 === to) return this.unfinished(to)
    if (octet !== SP || i === this.start) return this.refuse(400, 'no method at the start of the request line')
    if (i - this.start > METHOD_BYTES) return this.refuse(501, `the method exceeds ${METHOD_BYTES} octets`)
    const methodEnd = i
    let odd = bytes[++i] !== 47
    this.#targetAt = i
    this.#targetHost = null
    let query = 0
    octet = bytes[i]!
    while ((CLASS[octet]! & TARGET) !== 0) {
      if (octet === 63) query ||= i
      else if (octet === 35 || (query === 0 && (octet === 37 || octet === 92 || (octet === 47 && (bytes[i + 1] === 47 || bytes[i + 1] === 46))))) odd = true
      octet = bytes[++i]!
    }
    const { targetBytes } = this.limits
    if (Math.min(i, to) - this.#targetAt > targetBytes) return this.refuse(414, `the target exceeds ${targetBytes} octets`)
    if (i >= to) return this.unfinished(to)
    return this.#version(i, to, { methodEnd, query, odd })
  }

  #version(i: number, to: number, line: { methodEnd: number; query: number; odd: boolean }): number {
    const bytes = this.buffer
    if (i + 11 > to) return this.#partOfVersion(i, to) ? this.unfinished(to) : this.refuse(400, 'the request line does not end in HTTP/1.1')
    if (!startsWith(bytes, i, ' HTTP/')) return this.refuse(400, 'the request line does not end in HTTP/1.1')
    const minor = bytes[i + 8]! - 48
    const known = bytes[i + 7] === 46 && minor >= 0 && minor <= 9 && bytes[i + 9] === CR && bytes[i + 10] === LF
    if (!known) return this.refuse(400, 'the request line does not end in HTTP/1.1')
    if (bytes[i + 6] !== 49) return this.refuse(505, 'not HTTP/1.x')
    this.minor = minor
    this.method = methodOf(bytes, this.start, line.methodEnd)
    if (this.method === 'CONNECT') return this.refuse(405, 'CONNECT is for forward proxies')
    if (this.method === 'TRACE') return this.refuse(405, 'TRACE would show what proxies add')
    this.target = bytes.toString('latin1', this.#targetAt, i)
    this.path = line.query === 0 ? this.target : this.target.slice(0, line.query - this.#targetAt)
    this.cleanTarget = this.target
    this.#lineEnd = i + 11
    return line.odd ? this.#oddTarget() : this.#lineEnd
  }

  /** What there is of a cut line may still become a version. */
  #partOfVersion(i: number, to: number): boolean {
    const line = ' HTTP/'
    for (let k = 0; i + k < to && k < line.length; k++) if (this.buffer[i + k] !== line.charCodeAt(k)) return false
    return true
  }

  #oddTarget(): number {
    const read = this.target.startsWith('/') ? originTarget(this.target) : absoluteTarget(this.target, this.method)
    if ('fault' in read) return this.refuse(400, read.fault)
    this.path = read.path
    this.cleanTarget = read.target
    this.#targetHost = read.host
    return this.#lineEnd
  }

  #forget() {
    this.length = 0
    this.keepAlive = this.minor !== 0
    this.expectsContinue = this.forwarded = this.#connectionUpgrade = this.#coding = this.#close = false
    this.upgrade = this.#upgradeField = this.requestId = ''
    this.#hosts = 0
    this.#lengths = 0
  }

  protected override noted(kind: Kind, from: number, to: number): number {
    switch (kind) {
      case KIND.HOST: return this.#notedHost(from, to)
      case KIND.CONTENT_LENGTH:
        if (this.#lengths++ !== 0) return this.refuse(400, 'two Content-Length fields')
        this.length = decimal(this.buffer, from, to)
        return this.length < 0 ? this.refuse(400, 'Content-Length is not a number') : 0
      case KIND.TRANSFER_ENCODING:
        if (this.#coding || this.minor === 0 || !equalsFolded(this.buffer, from, to, CHUNKED_WORD)) return this.refuse(400, 'Transfer-Encoding is not chunked alone')
        this.#coding = true
        return 0
      case KIND.CONNECTION: return this.#notedConnection(from, to)
      case KIND.EXPECT:
        if (!equalsFolded(this.buffer, from, to, CONTINUE_WORD)) return this.refuse(417, 'Expect is not 100-continue')
        this.expectsContinue = this.minor !== 0
        return 0
      case KIND.UPGRADE:
        this.#upgradeField = this.buffer.toString('latin1', from, to)
        return 0
      case KIND.REQUEST_ID: return this.#notedRequestId(from, to)
      case KIND.FORWARDED:
        this.forwarded = true
        return 0
      default: return 0
    }
  }

  /** A host equal to the last one of the connection keeps its string and needs no second check. Dropped, as all that frames and routes: written anew for the upstream. */
  #notedHost(from: number, to: number): number {
    if (this.#hosts++ !== 0) return this.refuse(400, 'two Host fields')
    if (this.host.length === to - from && to > from && startsWith(this.buffer, from, this.host)) return 0
    const host = this.buffer.toString('latin1', from, to)
    if (!isHost(host)) return this.refuse(400, 'Host is not a host name')
    this.host = host
    return 0
  }

  /** An id that is not printable would end up in logs: it is replaced. */
  #notedRequestId(from: number, to: number): number {
    const id = this.buffer.toString('latin1', from, to)
    if (this.requestId !== '' || !isRequestId(id)) return 0
    this.requestId = id
    return KEPT
  }

  #notedConnection(from: number, to: number): number {
    if (equalsFolded(this.buffer, from, to, KEEP_ALIVE_WORD)) { this.keepAlive ||= this.minor === 0; return 0 }
    for (const option of this.buffer.toString('latin1', from, to).toLowerCase().split(',')) {
      const name = option.trim()
      if (name === 'close') this.#close = true
      else if (name === 'upgrade') this.#connectionUpgrade = true
      else if (name === 'keep-alive') this.keepAlive ||= this.minor === 0
      else if (name !== '' && !isToken(name)) return this.refuse(400, 'Connection holds what is no token')
      else if (name !== '') this.listed += `,${name}`
    }
    return 0
  }
  #checked(end: number): number {
    if (this.listed.includes('x-request-id')) this.requestId = '' // dropped with it: the upstream gets a new one
    if (this.#close) this.keepAlive = false // wins over keep-alive wherever it stands (RFC 9112 §9.3)
    if (this.#coding && this.#lengths !== 0) return this.refuse(400, 'Content-Length beside Transfer-Encoding')
    if (this.#coding) this.length = CHUNKED
    const failed = this.#checkedHost()
    if (failed < 0) return failed
    if (this.#connectionUpgrade && this.#upgradeField !== '') return this.#checkedUpgrade(end)
    return end
  }

  #checkedHost(): number {
    if (this.#hosts === 0 && this.minor !== 0) return this.refuse(400, 'no Host field')
    if (this.#hosts === 0) this.host = this.#targetHost ?? ''
    const differs = this.#targetHost !== null && this.#targetHost.toLowerCase() !== this.host.toLowerCase()
    return differs ? this.refuse(400, 'Host differs from the host of the target') : 0
  }

  /** h2c by Upgrade is gone from RFC 9113; an upgrade with a body would leave the tunnel's first octets in doubt. */
  #checkedUpgrade(end: number): number {
    if (/\bh2c?\b/i.test(this.#upgradeField) || this.minor === 0) return end
    if (this.length !== 0) return this.refuse(400, 'an upgrade with a body')
    if (this.method !== 'GET' && /\bwebsocket\b/i.test(this.#upgradeField)) return this.refuse(400, 'a WebSocket is opened with GET') // RFC 6455 §4.1
    this.upgrade = this.#upgradeField
    return end
  }

  /** Content-Length was sent. */
  get sized() { return this.#lengths !== 0 }
  get protocol() { return this.minor === 0 ? 'HTTP/1.0' : 'HTTP/1.1' }

  /** The request line with `target`, and the lines to be forwarded: one copy where nothing differs. */
  putHead(out: Scratch, target: string) {
    if (target === this.target && this.minor === 1) return this.putFrom(this.start, out)
    out.text(`${this.method} ${target} HTTP/1.1\r\n`)
    this.putLines(out)
  }

}

const CHUNKED_WORD = foldedWord('chunked')
const CONTINUE_WORD = foldedWord('100-continue')
const KEEP_ALIVE_WORD = foldedWord('keep-alive')
/** Printable and short: it ends up in logs. */
export const isRequestId = (text: string): boolean => /^[\x21-\x7e]{1,128}$/.test(text)

const isToken = (text: string): boolean => {
  for (let i = 0; i < text.length; i++) if ((CLASS[text.charCodeAt(i)]! & TOKEN) === 0) return false
  return true
}

/** The two methods of nearly all requests without a new string. */
const methodOf = (bytes: Buffer, from: number, to: number): string => {
  const length = to - from
  if (length === 3 && startsWith(bytes, from, 'GET')) return 'GET'
  if (length === 4 && startsWith(bytes, from, 'POST')) return 'POST'
  return bytes.toString('latin1', from, to)
}
