// How HTTP/2 in clear shows itself on a port that also speaks HTTP/1 (RFC 9113 §3.3, §3.4). Knows no connection.
import { PREFACE } from './h2/frames.ts'

/** The preface's request line, which HTTP/1.1 leaves to HTTP/2: what is wrong behind it is an error of HTTP/2. */
export const PREFACE_LINE_BYTES = 16

/** Whether these octets are that line, or its beginning. */
export const isPreface = (bytes: Buffer): boolean => {
  const length = Math.min(bytes.length, PREFACE_LINE_BYTES)
  return bytes[0] === PREFACE[0] && bytes.compare(PREFACE, 0, length, 0, length) === 0
}
