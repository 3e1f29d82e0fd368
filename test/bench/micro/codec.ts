// Heads of HTTP/1.1, read and written: a small request, one of 20 fields, and an answer of 12.
import { FieldBlock, answerNames, requestNames } from '../../../src/http/fields.ts'
import { AnswerHead } from '../../../src/http/h1/answer.ts'
import { RequestHead } from '../../../src/http/h1/request.ts'
import { putAnswer, putRequest } from '../../../src/http/h1/write.ts'
import { Scratch } from '../../../src/http/scratch.ts'
import { answerHead, octets, upstreamRequest } from '../../http/support.ts'
import { fields, small } from '../requests.ts'
import type { Piece } from './timing.ts'

const ANSWER = [
  'HTTP/1.1 200 OK', 'Content-Type: text/plain', 'Content-Length: 2048', 'Date: Tue, 24 Nov 2026 10:00:00 GMT', 'Server: app/1.4', 'ETag: "9e3779b1"',
  'Last-Modified: Mon, 23 Nov 2026 10:00:10 GMT', 'Cache-Control: private, max-age=60, must-revalidate', 'Vary: Accept-Encoding, Origin',
  'Set-Cookie: seen=1; Path=/; HttpOnly; SameSite=Lax', 'X-Content-Type-Options: nosniff', 'X-Frame-Options: SAMEORIGIN', 'X-Runtime: 0.010', '', '',
].join('\r\n')

const reading = (name: string, texts: readonly string[]): Piece => {
  const [head, names] = [new RequestHead(), requestNames()]
  const heads = texts.map(octets)
  return { name, run: (n) => {
    const bytes = heads[n % heads.length]!
    return head.scan(bytes, 0, bytes.length, names)
  } }
}
const writing = (name: string, text: string): Piece => {
  const [out, request] = [new Scratch(), upstreamRequest(text)]
  return { name, run: () => putRequest(out, request) }
}

const answers = (): Piece[] => {
  const [head, names, bytes] = [new AnswerHead(), answerNames(), octets(ANSWER)]
  const [out, written] = [new Scratch(), answerHead(ANSWER)]
  const more = { added: new FieldBlock([]), framing: '' }
  return [
    { name: 'h1: read an answer of 12 fields', run: () => head.scan(bytes, 0, bytes.length, names) },
    { name: 'h1: write it', run: () => {
      out.begin(written.octets)
      putAnswer(out, written, more)
    } },
  ]
}

export const codec = (): Piece[] => [
  reading('h1: read a small request', small), writing('h1: write it', small[0] ?? ''),
  reading('h1: read a request of 20 fields', fields), writing('h1: write it', fields[0] ?? ''),
  ...answers(),
]
