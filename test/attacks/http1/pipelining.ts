// Requests sent without end on one connection, with and without taking the answers.
import { requestText } from '../../features/scene.ts'
import type { Attack } from '../attack.ts'
import { LARGE_PATH } from '../scene.ts'

const BATCH = 200
/** The deadline is 60 s after the last progress. */
const SEND_SECONDS = 70
const batchOf = (target: string) => Buffer.from(requestText({ target }).repeat(BATCH))
const flood = (batch: Buffer, deaf: boolean): Attack['run'] => async (attacker) => {
  const line = await attacker.http1({ deaf })
  while (!line.closed && !attacker.over) await line.send(batch)
}

export const pipelining: readonly Attack[] = [
  { name: 'pipelining', inert: 'they are requests, one at a time', run: flood(batchOf('/'), false) },
  { name: 'pipelining-deaf', reason: 'timeout_send', seconds: SEND_SECONDS, run: flood(batchOf(LARGE_PATH), true) },
]
