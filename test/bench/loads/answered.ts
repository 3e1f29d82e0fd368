// Whether a proxy has a route: it is asked on new connections, again and again, until it answers with success. Knows no proxy.
import { connect } from 'node:net'

const ATTEMPT_MS = 5_000
const PAUSE_MS = 1
const GIVE_UP_MS = 30_000

/** Resolves at the first 200 for `host`; rejects with the last answer where none comes in time. */
export const answered = async (port: number, host: string): Promise<void> => {
  const deadline = performance.now() + GIVE_UP_MS
  for (;;) {
    const line = await ask(port, host)
    if (line.startsWith('HTTP/1.1 200')) return
    if (performance.now() > deadline) throw new Error(`${host} had no answer but ${line || 'none'}`)
    await Bun.sleep(PAUSE_MS)
  }
}

/** The status line; '' where the connection failed. */
const ask = (port: number, host: string): Promise<string> => new Promise((resolve) => {
  const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(`GET /tea HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`))
  const settle = (line: string) => {
    resolve(line)
    socket.destroy()
  }
  socket.setTimeout(ATTEMPT_MS, () => settle(''))
  socket.on('data', (bytes) => settle(bytes.toString('latin1').split('\r\n')[0] ?? '')).on('error', () => settle('')).on('end', () => settle(''))
})
