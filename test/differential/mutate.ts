// Hostile neighbours of messages: a few edits that parsers are known to disagree about. Pure: the same seed gives the same message.

/** Numerical Recipes' generator: small, and the same on every machine. */
export const random = (seed: number) => {
  let state = seed >>> 0
  return (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
type Random = ReturnType<typeof random>

/** What decides framing, routing or where a line ends, and what looks like it. */
const PIECES = [
  '\r\n', '\n', '\r', '\r\r\n', ' ', '\t', '\0', '\x0b', '\x0c', '\x7f', '\x85', '\xa0', '\xff', ':', ': ', ',', ';', '0', '1', 'a', '-', '+', '_', '"', '\\', '/', '%00', '%2f', '..', '?', '#', '@', '[', ']',
  'Content-Length: 5\r\n', 'content-length: 0\r\n', 'Content-Length : 5\r\n', 'Transfer-Encoding: chunked\r\n', 'transfer-encoding: chunked\r\n', 'Transfer-Encoding: xchunked\r\n',
  'Transfer-Encoding: chunked, identity\r\n', 'Transfer-Encoding:\tchunked\r\n', 'Host: other.test\r\n', 'Connection: close\r\n', 'Connection: Content-Length\r\n', 'Connection: Transfer-Encoding\r\n',
  'Expect: 100-continue\r\n', 'Upgrade: websocket\r\n', ' chunked', 'HTTP/1.0', 'HTTP/1.1', 'HTTP/2.0', 'http://other.test', 'GET /smuggled HTTP/1.1\r\nHost: h.test\r\n\r\n', '0\r\n\r\n', '5;x=y\r\n', '0x5\r\n', '00000005\r\n',
]

type Edit = (text: string, draw: Random) => string
const at = (text: string, draw: Random) => draw(text.length + 1)

const EDITS: readonly Edit[] = [
  (text, draw) => { const i = at(text, draw); return text.slice(0, i) + PIECES[draw(PIECES.length)]! + text.slice(i) },
  (text, draw) => { const i = at(text, draw); return text.slice(0, i) + PIECES[draw(PIECES.length)]! + text.slice(i + 1) },
  (text, draw) => { const i = at(text, draw); return text.slice(0, i) + text.slice(i + 1 + draw(4)) },
  (text, draw) => { const i = at(text, draw); return text.slice(0, i) + String.fromCharCode(draw(256)) + text.slice(i + 1) },
  lines((all, draw) => { const line = all[draw(all.length)]!; return all.toSpliced(draw(all.length + 1), 0, line) }),
  lines((all, draw) => all.toSpliced(draw(all.length), 1)),
  lines((all, draw) => { const i = draw(all.length); return all.with(i, flipCase(all[i]!, draw)) }),
  lines((all, draw) => all.toSpliced(draw(all.length + 1), 0, PIECES[draw(PIECES.length)]!.replace(/\r\n$/, ''))),
]

function lines(edit: (all: string[], draw: Random) => string[]): Edit {
  return (text, draw) => edit(text.split('\r\n'), draw).join('\r\n')
}

const flipCase = (line: string, draw: Random): string => {
  const i = at(line, draw)
  const char = line[i] ?? ''
  return line.slice(0, i) + (char === char.toLowerCase() ? char.toUpperCase() : char.toLowerCase()) + line.slice(i + 1)
}

/** Most edits must be few: two parsers disagree about messages that are nearly right. */
const MOST_EDITS = 3

/** One of `messages`, changed. */
export const mutation = (messages: readonly string[], seed: number): string => {
  const draw = random(seed)
  let text = messages[draw(messages.length)]!
  for (let edits = 1 + draw(MOST_EDITS); edits > 0; edits--) text = EDITS[draw(EDITS.length)]!(text, draw)
  return text
}
