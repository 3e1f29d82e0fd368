// One message to one proxy on a connection of its own, and what became of it.
import { connect } from 'node:net'

/** served: answers that the origin gave. odd: the origin got what a strict reader refuses. */
export type Fate = { readonly served: number; readonly odd: boolean }

/** A proxy that waits for the rest of a message would wait for ever: it is told that there is none, and has so long to say something. */
const WAIT_MS = 1_500

/** endsAfterMs: HAProxy answers nothing behind the answer during which it sees our end; a second look gives it time. */
export const ask = (port: number, message: string, endsAfterMs = 0): Promise<Fate> => new Promise((resolve) => {
  let answer = ''
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => {
    socket.write(message, 'latin1')
    if (endsAfterMs === 0) socket.end()
  })
  const end = endsAfterMs === 0 ? undefined : setTimeout(() => socket.end(), endsAfterMs)
  const late = setTimeout(() => socket.destroy(), WAIT_MS)
  socket.setEncoding('latin1')
  socket.on('data', (text: string) => { answer += text })
  socket.on('end', () => socket.destroy())
  socket.on('error', () => { /* a reset is an answer: what came before it counts */ })
  socket.on('close', () => {
    clearTimeout(late)
    clearTimeout(end)
    const heads = answer.split('\r\n\r\n').filter((head) => /^x-served-by: origin$/im.test(head))
    resolve({ served: heads.filter((head) => /HTTP\/1\.1 200 /.test(head)).length, odd: heads.some((head) => /HTTP\/1\.1 418 /.test(head)) })
  })
})
