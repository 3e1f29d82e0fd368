// What a connection says is the same however its octets arrive: whole, cut anywhere, one by one.
import { expect, test } from 'bun:test'
import { Endpoint } from './endpoint.ts'
import { transcripts } from './transcripts.ts'

/** Answers each request with its size, when it is complete. */
const answering = (): Endpoint => {
  const answer = (id: number) => { endpoint.respond(id, [['x-a', 'b']], { end: false }); endpoint.write(id, `got ${endpoint.of(id).text.length} octets`, true) }
  const endpoint: Endpoint = new Endpoint('server', {
    head: (stream, _, end) => { if (end) answer(stream.id) },
    data: (stream, span) => { if (span.last) answer(stream.id) },
    trailers: (stream) => answer(stream.id),
  })
  return endpoint
}
/** All that can be seen of a connection. How DATA is cut into events may differ, what it says may not. */
const outcome = (bytes: Buffer, size: number) => {
  const endpoint = answering()
  for (let at = 0; at < bytes.length; at += size) endpoint.feed(Buffer.from(bytes.subarray(at, at + size)))
  return {
    sent: endpoint.bytes().toString('hex'), fault: endpoint.fault?.message, told: endpoint.told.filter((text) => !text.includes('data')),
    bodies: [...endpoint.owners].map(([id, owner]) => [id, owner.text]),
    sections: [...endpoint.owners.values()].flatMap(({ sections, trailers }) => [...sections, trailers].map((section) => section?.fields.map(({ line }) => line))),
  }
}

test.each(Object.entries(transcripts))('%s', (_, frames) => {
  const bytes = Buffer.concat(frames)
  const whole = outcome(bytes, bytes.length)
  expect(whole.told.length).toBeGreaterThan(0)
  for (const size of [1, 2, 3, 5, 7, 8, 9, 10, 11, 64, 500, 1000]) expect(outcome(bytes, size)).toEqual(whole)
})
