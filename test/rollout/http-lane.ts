// A client that sends a GET or a POST at a steady pace on one connection and needs it for as long as it lives.
// A connection that closes, an answer of 500 or more, or somebody else's answer is a loss.
import { requestText } from '../features/scene.ts'
import { session } from '../features/http2-session.ts'
import { rawClient } from '../support/raw-client.ts'
import type { Lane } from './load.ts'

export const HOST = 'app.example'
type Answer = { readonly status: number; readonly body: string }
type Ask = (method: string, id: string) => Promise<Answer>

export const http1Lane = (lane: Lane, everyMs: number): Promise<void> => paced(lane, everyMs, async () => {
  const client = await rawClient(lane.port)
  const ask: Ask = async (method, id) => {
    client.send(requestText({ method, host: HOST, fields: [['X-Id', id]], body: method === 'POST' ? id : '' }))
    const answer = await client.response()
    if (answer === undefined) throw new Error(await client.closed(0) ? 'the connection was closed' : 'no answer')
    return answer
  }
  return { ask, close: () => client.destroy() }
})

export const http2Lane = (lane: Lane, everyMs: number): Promise<void> => paced(lane, everyMs, async () => {
  const { ask, close } = await session({ http: lane.port, https: 0 }, 'clear')
  return { ask: (method, id) => ask({ ':method': method, ':path': '/', ':authority': HOST, 'x-id': id }, method === 'POST' ? id : undefined), close }
})

/** One request after another, at random times around `everyMs`; what an answer was late by is made up for. */
async function paced(lane: Lane, everyMs: number, open: () => Promise<{ readonly ask: Ask; close(): void }>): Promise<void> {
  let connection = await open()
  let dueMs = performance.now() + Math.random() * everyMs
  for (let i = 0; !lane.isOver(); i++) {
    await Bun.sleep(Math.max(0, dueMs - performance.now()))
    dueMs += 2 * Math.random() * everyMs
    const lost = await exchange(lane, connection.ask, { method: i % 2 === 0 ? 'GET' : 'POST', id: `${lane.name}/${i}` })
    if (lost === null) continue
    lane.tally.lost.push(lost)
    connection.close()
    connection = await open()
  }
  connection.close()
}

/** What was lost; null: nothing. */
async function exchange({ tally, first }: Lane, ask: Ask, { method, id }: { readonly method: string; readonly id: string }): Promise<string | null> {
  tally.requests++
  try {
    const { status, body } = await ask(method, id)
    if (status !== 200) return `${method} ${id}: ${status} ${body.slice(0, 200)}`
    if (!body.endsWith(` ${id}`)) return `${method} ${id}: the answer was ${body}`
    if (method === 'POST') tally.posted.push(id)
    first()
    return null
  } catch (error) {
    return `${method} ${id}: ${String(error)}`
  }
}
