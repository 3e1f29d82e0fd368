// The time for an HTTP/2 connection to an upstream to come to stand runs from the dial, however many requests join it on the way.
import { expect, test } from 'bun:test'
import { H2ClientConnection } from '../../src/http/h2-client.ts'
import { OutputBuffers } from '../../src/http/h2/output.ts'
import { Scratch } from '../../src/http/scratch.ts'
import { fullUpstream } from '../features/silent.ts'
import { RecordingSink, TIMEOUTS } from './sink.ts'
import { elapse, keeping, stillClock, TICK_MS, upstreamRequest } from './support.ts'

const kept = keeping()
const JOINS = 5
const nothing = () => undefined

test('requests that join don\'t prolong it, and are all told that it was over', async () => {
  const { port } = kept(await fullUpstream())
  const clock = stillClock()
  const target = { address: '127.0.0.1', port, tls: null, protocol: 'h2' } as const
  const owner = { stood: nothing, idle: nothing, woke: nothing, gone: nothing }
  const connection = new H2ClientConnection(target, owner, { clock, native: true, scratch: new Scratch(), buffers: new OutputBuffers() })
  const sinks = Array.from({ length: JOINS }, () => new RecordingSink())
  for (const sink of sinks) {
    connection.stream().exchange(upstreamRequest('GET / HTTP/1.1\r\nHost: h.test\r\n\r\n'), sink, TIMEOUTS)
    elapse(clock, TIMEOUTS.connectMs / JOINS - TICK_MS)
  }
  expect(sinks.map(({ error }) => error)).toEqual(sinks.map(() => null))
  elapse(clock, (JOINS + 2) * TICK_MS)
  expect(sinks.map(({ error }) => [error?.code, error?.status])).toEqual(sinks.map(() => ['timeout_connect', 504]))
  expect(connection.closed).toBe(true)
})
