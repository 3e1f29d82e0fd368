// HTTP/1.1 as the tests read it, on purpose independent of src/http: requests strictly, as the pickiest origin would, and
// responses loosely, so that a bad answer can be seen and reported. Pure; knows no sockets.

export type FieldLine = readonly [name: string, value: string]
/** Bodies and values are latin1 strings: one character is one octet. `head` is the head as received, with its empty line. */
export type RequestMessage = {
  readonly method: string
  readonly target: string
  readonly version: string
  readonly fields: readonly FieldLine[]
  readonly body: string
  readonly trailers: readonly FieldLine[]
  readonly head: string
}
export type ResponseMessage = {
  readonly status: number
  readonly fields: readonly FieldLine[]
  readonly body: string
  readonly complete: boolean
}

/** need: how many octets must be there before another look can pay. */
export type RequestParse =
  | { readonly state: 'complete'; readonly request: RequestMessage; readonly length: number }
  | { readonly state: 'partial'; readonly need: number; readonly expectsContinue: boolean }
  | { readonly state: 'invalid'; readonly reason: string }

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
const REQUEST_LINE = new RegExp(`^(${TOKEN}) ([!-~\\x80-\\xff]+) (HTTP/1\\.[01])$`)
const FIELD_LINE = new RegExp(`^(${TOKEN}):[ \\t]*([^\\0-\\x08\\x0a-\\x1f\\x7f]*?)[ \\t]*$`)

/** All values of a field, in order; names are case-insensitive. */
export function values(fields: readonly FieldLine[], name: string): string[] {
  return fields.filter(([field]) => field.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
}

/** Comma-separated members of a list field, lower case. */
export function members(fields: readonly FieldLine[], name: string): string[] {
  return values(fields, name)
    .flatMap((value) => value.split(','))
    .map((member) => member.trim().toLowerCase())
    .filter((member) => member !== '')
}

/** RFC 9112 without any leniency: what this refuses, some origin refuses or reads differently. */
export function parseRequest(bytes: Buffer): RequestParse {
  const headEnd = bytes.indexOf('\r\n\r\n')
  const head = bytes.toString('latin1', 0, headEnd < 0 ? bytes.length : headEnd)
  if (/(^|[^\r])\n|\r[^\n]/.test(head)) return invalid('CR or LF alone in the head')
  if (headEnd < 0) return { state: 'partial', need: bytes.length + 1, expectsContinue: false }
  const [requestLine = '', ...fieldLines] = head.split('\r\n')
  const line = REQUEST_LINE.exec(requestLine)
  if (!line) return invalid(`request line ${JSON.stringify(requestLine.slice(0, 100))}`)
  const fields = parseFields(fieldLines)
  if (typeof fields === 'string') return invalid(fields)
  const [, method = '', target = '', version = ''] = line
  if (version === 'HTTP/1.1' && values(fields, 'host').length !== 1) return invalid('not exactly one Host')
  const body = parseBody(bytes, headEnd + 4, fields)
  if (body.state !== 'complete') return body
  const request = { method, target, version, fields, body: body.body, trailers: body.trailers, head: `${head}\r\n\r\n` }
  return { state: 'complete', request, length: body.length }
}

function invalid(reason: string): { state: 'invalid'; reason: string } {
  return { state: 'invalid', reason }
}

function parseFields(lines: readonly string[]): FieldLine[] | string {
  const fields: FieldLine[] = []
  for (const line of lines) {
    const match = FIELD_LINE.exec(line)
    if (!match) return `field line ${JSON.stringify(line.slice(0, 100))}`
    fields.push([match[1] ?? '', match[2] ?? ''])
  }
  return fields
}

type BodyParse =
  | { readonly state: 'complete'; readonly body: string; readonly trailers: readonly FieldLine[]; readonly length: number }
  | Exclude<RequestParse, { state: 'complete' }>

/** RFC 9112 §6.3; both framings at once, lists and repeated lengths are refused. */
function parseBody(bytes: Buffer, start: number, fields: readonly FieldLine[]): BodyParse {
  const lengths = values(fields, 'content-length')
  const codings = values(fields, 'transfer-encoding')
  const expectsContinue = members(fields, 'expect').includes('100-continue')
  if (lengths.length + codings.length > 1) return invalid('more than one of Content-Length and Transfer-Encoding')
  if (codings[0] !== undefined)
    return codings[0].toLowerCase() === 'chunked' ? parseChunks(bytes, start, expectsContinue) : invalid(`Transfer-Encoding ${codings[0]}`)
  if (lengths[0] !== undefined && !/^\d{1,15}$/.test(lengths[0])) return invalid(`Content-Length ${lengths[0]}`)
  const end = start + Number(lengths[0] ?? 0)
  if (bytes.length < end) return { state: 'partial', need: end, expectsContinue }
  return { state: 'complete', body: bytes.toString('latin1', start, end), trailers: [], length: end }
}

function parseChunks(bytes: Buffer, start: number, expectsContinue: boolean): BodyParse {
  const partial = { state: 'partial', need: bytes.length + 1, expectsContinue } as const
  const chunks: string[] = []
  for (let at = start; ;) {
    const lineEnd = bytes.indexOf('\n', at)
    if (lineEnd < 0) return partial
    const size = /^([0-9a-fA-F]{1,8})(;[^\r\n]*)?\r$/.exec(bytes.toString('latin1', at, lineEnd))
    if (!size) return invalid(`chunk line ${JSON.stringify(bytes.toString('latin1', at, Math.min(lineEnd, at + 40)))}`)
    const data = lineEnd + 1
    const end = data + Number.parseInt(size[1] ?? '', 16)
    if (end === data) return parseTrailers(bytes, data, chunks.join('')) ?? partial
    if (bytes.length < end + 2) return partial
    if (bytes.toString('latin1', end, end + 2) !== '\r\n') return invalid('no CRLF after chunk data')
    chunks.push(bytes.toString('latin1', data, end))
    at = end + 2
  }
}

function parseTrailers(bytes: Buffer, start: number, body: string): BodyParse | undefined {
  if (bytes.toString('latin1', start, start + 2) === '\r\n') return { state: 'complete', body, trailers: [], length: start + 2 }
  const end = bytes.indexOf('\r\n\r\n', start)
  if (end < 0) return undefined
  const trailers = parseFields(bytes.toString('latin1', start, end).split('\r\n'))
  return typeof trailers === 'string' ? invalid(trailers) : { state: 'complete', body, trailers, length: end + 4 }
}

/** `method`: of the request it answers (a HEAD answer has no body). `ended`: nothing more will come. undefined: not even a whole head. */
export function parseResponse(
  bytes: Buffer,
  { method, ended }: { method: string; ended: boolean },
): { response: ResponseMessage; length: number } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n')
  const status = Number(/^HTTP\/1\.\d (\d{3})/.exec(statusLine)?.[1] ?? 0)
  const fields = lines.map((line): FieldLine => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()])
  const start = headEnd + 4
  const { end, body } = responseBody(bytes, start, { status, method, ended, fields })
  return { response: { status, fields, body, complete: end !== undefined }, length: end ?? bytes.length }
}

type ResponseHead = { status: number; method: string; ended: boolean; fields: readonly FieldLine[] }

function responseBody(
  bytes: Buffer,
  start: number,
  { status, method, ended, fields }: ResponseHead,
): { end: number | undefined; body: string } {
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return { end: start, body: '' }
  if (members(fields, 'transfer-encoding').includes('chunked')) {
    const chunks = parseChunks(bytes, start, false)
    return chunks.state === 'complete'
      ? { end: chunks.length, body: chunks.body }
      : { end: undefined, body: bytes.toString('latin1', start) }
  }
  const length = values(fields, 'content-length')[0]
  const end = length === undefined ? bytes.length : start + Number(length)
  const complete = length === undefined ? ended : bytes.length >= end
  return { end: complete ? end : undefined, body: bytes.toString('latin1', start, end) }
}
