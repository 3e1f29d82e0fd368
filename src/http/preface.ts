// How HTTP/2 in clear shows itself on a port that also speaks HTTP/1 (RFC 9113 §3.3, §3.4). Knows no connection.
import { PREFACE } from './h2/frames.ts'

/** The preface's request line, which HTTP/1.1 leaves to HTTP/2: what is wrong behind it is an error of HTTP/2. */
export const PREFACE_LINE_BYTES = 16

/** Whether these octets are that line, or its beginning. */
export const isPreface = (bytes: Buffer): boolean => {
  const length = Math.min(bytes.length, PREFACE_LINE_BYTES)
  return bytes[0] === PREFACE[0] && bytes.compare(PREFACE, 0, length, 0, length) === 0
}

/** A preface, however broken, is shorter than what is looked at. */
const LOOKED_AT_BYTES = 256
/** Three words or more, the last of which is no version of HTTP. */
const FOREIGN_LINE = /^[^\r\n ]+ [^\r\n]* (?!HTTP\/)[^\r\n ]+\r?\n/i

/**
 * Whether the first line is one of another protocol, or a preface that went wrong: HTTP/1's answer means nothing to such a client, and one of HTTP/2
 * reads it as a frame. The connection is closed, without GOAWAY (RFC 9113 §3.4).
 */
export const isForeign = (bytes: Buffer): boolean => FOREIGN_LINE.test(bytes.toString('latin1', 0, LOOKED_AT_BYTES))
