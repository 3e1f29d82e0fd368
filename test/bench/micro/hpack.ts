// Blocks of HPACK: what a client repeats, and an answer that differs in one field each time.
import { Decoder } from '../../../src/http/h2/decoder.ts'
import { Encoder } from '../../../src/http/h2/encoder.ts'
import { Output, OutputBuffers } from '../../../src/http/h2/output.ts'
import { host } from '../site.ts'
import type { Piece } from './timing.ts'

const REQUEST = [
  [':method', 'GET'], [':scheme', 'https'], [':authority', host], [':path', '/catalogue/1/items'], ['user-agent', 'Mozilla/5.0'], ['accept', 'text/html,*/*;q=0.8'],
  ['accept-encoding', 'gzip, deflate, br'], ['accept-language', 'de-DE,de;q=0.9'],
] as const
const ANSWER = [
  [':status', '200'], ['content-type', 'text/plain'], ['content-length', '2048'], ['server', 'app/1.4'], ['cache-control', 'private, max-age=60'],
  ['vary', 'Accept-Encoding'], ['x-frame-options', 'SAMEORIGIN'],
] as const

const encoded = (fields: readonly (readonly [string, string])[], times: number): Buffer[] => {
  const [encoder, out] = [new Encoder(), new Output(new OutputBuffers(), () => {})]
  return Array.from({ length: times }, () => {
    const from = out.size
    encoder.begin(out)
    for (const [name, value] of fields) encoder.field(out, name, value)
    return Buffer.from(out.bytes.subarray(from, out.size))
  })
}

export const hpack = (): Piece[] => {
  const decoder = new Decoder()
  const blocks = encoded(REQUEST, 3)
  for (const block of blocks) decoder.decode(block, 0, block.length)
  const repeated = blocks.at(-1)!
  const [encoder, buffers] = [new Encoder(), new OutputBuffers()]
  let out = new Output(buffers, () => {})
  return [
    { name: 'HPACK: read a request of 8 fields seen before', run: () => decoder.decode(repeated, 0, repeated.length) },
    { name: 'HPACK: write an answer of 8 fields, one of them new', run: (n) => {
      if (out.size > 16_384) out = new Output(buffers, () => {})
      encoder.begin(out)
      for (const [name, value] of ANSWER) encoder.field(out, name, value)
      encoder.field(out, 'etag', `"${n}"`)
    } },
  ]
}
