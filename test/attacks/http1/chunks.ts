// Chunked bodies that are nearly all coding: an octet in each chunk, and extensions that nobody reads (CVE-2023-39326 and its kin).
import { requestText } from '../../features/scene.ts'
import type { Attack } from '../attack.ts'

const EXTENSION_BYTES = 2_000
const BATCH = 200
const opening = requestText({ method: 'POST', fields: [['Transfer-Encoding', 'chunked']] })
const upload = (chunk: string): Attack['run'] => async (attacker) => {
  const line = await attacker.http1()
  const batch = Buffer.from(chunk.repeat(BATCH))
  await line.send(opening)
  while (!line.closed && !attacker.over) await line.send(batch)
}

export const chunks: readonly Attack[] = [
  { name: 'chunk-crumbs', reason: 'limit_body', run: upload('1\r\nx\r\n') },
  { name: 'chunk-extensions', reason: 'bad_request', run: upload(`1;a=${'x'.repeat(EXTENSION_BYTES)}\r\nx\r\n`) },
]
