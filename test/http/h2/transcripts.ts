// Everything that a client may send, and some of what it must not, in one connection after another.
import { FLAG, SETTING, TYPE } from '../../../src/http/h2/frames.ts'
import { cutHeaders, data, frame, GET, goaway, headers, hello, last, lone, OK, padded, ping, POST, priority, rst, settings, settingsAck, windowUpdate } from './wire.ts'

const FIELDS: [string, string][] = Array.from({ length: 30 }, (_, n): [string, string] => [`x-${n}`, 'v'.repeat(n * 7)])

export const transcripts: Record<string, Buffer[]> = {
  'a request': [hello(), settingsAck, lone(1)],
  'many requests': [hello([SETTING.HEADER_TABLE_SIZE, 0]), ...Array.from({ length: 20 }, (_, n) => lone(2 * n + 1, [...GET, ...FIELDS.slice(0, n)]))],
  'bodies and trailers': [hello(), headers(1, POST), data(1, 'a'.repeat(500)), headers(3, POST), last(3), data(1, ''), data(1, 'b'), headers(1, FIELDS, FLAG.END_STREAM)],
  padding: [hello(), headers(1, POST), padded(1, 'abc', 7), padded(1, '', 0), padded(1, '', 30), padded(1, 'd'.repeat(300), 255), frame(TYPE.DATA, { flags: FLAG.PADDED | FLAG.END_STREAM, id: 1 }, [3], 'e', [0, 0, 0])],
  'padded HEADERS with priority': [hello(), frame(TYPE.HEADERS, { flags: FLAG.END_HEADERS | FLAG.PADDED | FLAG.PRIORITY, id: 1 }, [4, 0, 0, 0, 9, 1], headers(1, POST).subarray(9), [0, 0, 0, 0]), last(1, 'x')],
  continuation: [hello(), cutHeaders(1, [...GET, ...FIELDS], 400), ping()],
  'the other frames': [hello([SETTING.INITIAL_WINDOW_SIZE, 5]), lone(1), priority(7, 3), windowUpdate(1, 100), windowUpdate(0, 1000), settings([SETTING.INITIAL_WINDOW_SIZE, 50], [99, 1]), ping(), frame(0x10, {}, 'u=1'), goaway(0)],
  'a reset': [hello(), headers(1, POST), data(1, 'abc'), rst(1, 8), lone(3)],
  'stream faults': [hello(), headers(1, POST), windowUpdate(1, 0), data(1, 'late'), lone(3, [...GET, ['connection', 'x']]), lone(5)],
  'a connection fault': [hello(), lone(1), data(1, 'x'), data(4, 'y'), lone(5)],
}

/** What a server may send to a client that has opened three streams. */
export const answers: Record<string, Buffer[]> = {
  'plain answers': [settings(), settingsAck, headers(1, OK), data(1, 'a'), last(1, 'b'), lone(3, OK), headers(5, OK), last(5)],
  '1xx, padding, trailers': [settings([SETTING.MAX_CONCURRENT_STREAMS, 3]), headers(1, [[':status', '103']]), headers(1, [...OK, ['content-length', '3']]), padded(1, 'abc', 9), headers(1, FIELDS, FLAG.END_STREAM), rst(3, 7)],
  'going away': [settings([SETTING.INITIAL_WINDOW_SIZE, 9]), windowUpdate(0, 99), ping(), lone(1, OK), goaway(3), lone(3, OK)],
}
