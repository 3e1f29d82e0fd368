// Just enough of RFC 6455 to see one short text frame go there and back. Knows no HTTP.
import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const FINAL_TEXT = 0x81
const MASKED = 0x80

export function acceptKey(key: string): string {
  return createHash('sha1')
    .update(key + GUID)
    .digest('base64')
}

/** §5.2 with a payload below 126 octets; clients mask. A zero mask is legal and readable. */
export function textFrame(text: string, { masked }: { masked: boolean }): Buffer {
  const payload = Buffer.from(text)
  return Buffer.concat([
    Buffer.from([FINAL_TEXT, payload.length | (masked ? MASKED : 0)]),
    masked ? Buffer.alloc(4) : Buffer.alloc(0),
    payload,
  ])
}

/** Sends each frame of the form textFrame makes back, unmasked. `first`: octets that came with the handshake. */
export function echoFrames(socket: Socket, first: Buffer): void {
  let unread = first
  const answer = (chunk: Buffer) => {
    unread = Buffer.concat([unread, chunk])
    while (unread.length >= 2) {
      const end = 6 + ((unread[1] ?? 0) & 0x7f)
      if (unread.length < end) return
      socket.write(textFrame(unread.subarray(6, end).toString(), { masked: false }))
      unread = unread.subarray(end)
    }
  }
  socket.on('data', answer)
  answer(Buffer.alloc(0))
}
