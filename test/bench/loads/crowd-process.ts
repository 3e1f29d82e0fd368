// `crowd-process.ts PORT COUNT REQUEST`: so many connections that each send the request, read one answer and stay. Prints `open` when all
// have it, or the reason why one has not, and ends.
const [, , port = '', count = '', request = ''] = process.argv

/** How many open at once: what an accept queue holds for sure. */
const AT_ONCE = 64

const lost = (reason: string): never => {
  console.log(reason)
  process.exit(1)
}

type Talk = { text: string; readonly done: () => void }
/** The head, and the body that it announces. */
const whole = (text: string): boolean => {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return false
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end))?.[1] ?? '0'
  return text.length >= end + 4 + Number(length)
}
const open = () => new Promise<void>((done) => {
  Bun.connect<Talk>({
    hostname: '127.0.0.1', port: Number(port), data: { text: '', done },
    socket: {
      open(socket) { socket.write(request) },
      data({ data }, bytes) {
        data.text += bytes.toString('latin1')
        if (!/^HTTP\/1\.1 (?:101|200)/.test(data.text)) lost(`the answer was ${data.text.slice(0, 60)}`)
        if (whole(data.text)) data.done()
      },
      close() { lost('a connection was closed') },
      connectError(_, error) { lost(String(error)) },
    },
  }).catch((error: unknown) => lost(String(error)))
})

let left = Number(count)
const lane = async () => { while (left-- > 0) await open() }
await Promise.all(Array.from({ length: AT_ONCE }, lane))
console.log('open')
