// Where an upstream's answer ends (RFC 9112 §6.3), cut anywhere, and when its connection may carry the next one (§9.3).
import { describe, expect, test } from 'bun:test'
import { keeping, spanOf, TRANSPORTS } from './support.ts'
import { Asked, GET } from './upstream.ts'

const kept = keeping()
const HEAD = GET.replace('GET', 'HEAD')

/** Answers that are whole without the connection's end. */
const delimited: [name: string, section: string, request: string, text: string, understood: object, reused: boolean][] = [
  ['a length', '§6.2', GET, 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nA: 1\r\n\r\nhello', { status: 200, text: 'hello', fields: [['Content-Length', '5'], ['A', '1']] }, true],
  ['a length of 0', '§6.2', GET, 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', { text: '' }, true],
  ['chunks', '§7.1', GET, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x\r\nllo\r\n0\r\n\r\n', { text: 'hello', fields: [] }, true],
  ['chunks with trailers', '§7.1.2', GET, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nT: 1\r\nSet-Cookie: no\r\n\r\n', { text: 'x', trailers: [['T', '1']] }, true],
  ['no chunks', '§7.1', GET, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', { text: '' }, true],
  ['HEAD with a length', '§6.3 item 1', HEAD, 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', { text: '', fields: [['Content-Length', '5']] }, true],
  ['HEAD with chunked', '§6.3 item 1', HEAD, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', { text: '' }, true],
  ['HEAD without a length', '§6.3 item 1', HEAD, 'HTTP/1.1 200 OK\r\n\r\n', { text: '' }, true],
  ['204', '§6.3 item 1', GET, 'HTTP/1.1 204 No Content\r\n\r\n', { status: 204, text: '' }, true],
  ['204 with a length', '§6.3 item 1', GET, 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n', { text: '', fields: [] }, true],
  ['304 with a length', '§6.3 item 1', GET, 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', { status: 304, text: '' }, true],
  ['1xx before it', 'RFC 9110 §15.2', GET, 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx', { informs: [100, 103], status: 200, text: 'x' }, true],
  ['Connection: close', '§9.6', GET, 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx', { text: 'x' }, false],
  ['HTTP/1.0', '§9.3', GET, 'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx', { text: 'x' }, false],
  ['HTTP/1.0 with keep-alive', '§C.2.2', GET, 'HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\nx', { text: 'x' }, true],
]
/** Octets behind the answer's end, in the same packet: nobody asked for them, they could be taken for the next answer. */
const overfull: [name: string, request: string, text: string, body: string][] = [
  ['a length', GET, 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n\r\n', 'x'],
  ['a length of 0', GET, 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nx', ''],
  ['chunks', GET, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n\r\n', 'x'],
  ['HEAD', HEAD, 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx', ''],
  ['204', GET, 'HTTP/1.1 204 No Content\r\n\r\nx', ''],
  ['304', GET, 'HTTP/1.1 304 Not Modified\r\nContent-Length: 1\r\n\r\nx', ''],
]

describe.each(TRANSPORTS)('%s transport:', (_, native) => {
  const open = async () => kept(await Asked.start(native))

  test.each(delimited)('%s, cut at every octet (RFC 9112 %s)', async (__, ___, request, text, understood, reused) => {
    let asked = await open()
    for (let cut = 0; cut < text.length; cut++) {
      const { connection } = asked
      const { sink, peer } = await asked.ask(request)
      const before = connection.read
      peer.send(text.slice(0, cut))
      await connection.when(() => connection.read === before + cut)
      peer.send(text.slice(cut))
      expect(await sink.when(() => sink.ended)).toBe(true)
      expect(sink).toMatchObject({ ...understood, error: null, late: 0 })
      expect([asked.owned.idles > 0, asked.connection.closed]).toEqual([reused, !reused])
      if (!reused) asked = await open()
    }
    if (reused) expect(asked.owned).toMatchObject({ idles: text.length, gones: 0 })
    expect(asked.connection.uses).toBe(reused ? text.length : 0)
  })

  test.each(overfull)('octets behind %s: the answer is whole, the connection is not used again', async (__, request, text, body) => {
    const asked = await open()
    const { sink, peer } = await asked.ask(request)
    peer.send(text)
    expect(await sink.when(() => sink.ended)).toBe(true)
    expect([sink.text, asked.owned.idles, asked.owned.gones, asked.connection.closed]).toEqual([body, 0, 1, true])
  })

  test('until the connection ends', async () => {
    const asked = await open()
    const { sink, peer } = await asked.ask()
    peer.send('HTTP/1.1 200 OK\r\n\r\nhel')
    await sink.when(() => sink.text === 'hel')
    peer.send('lo')
    await sink.when(() => sink.text === 'hello')
    expect(sink.ended).toBe(false)
    peer.end()
    expect(await sink.when(() => sink.ended)).toBe(true)
    expect([sink.text, sink.error, sink.late, asked.owned.idles, asked.owned.gones]).toEqual(['hello', null, 0, 0, 1])
  })

  test('the request goes out in one piece, as it was understood', async () => {
    const asked = await open()
    const { peer } = await asked.ask('POST /a?b HTTP/1.0\r\nHost: h\r\nA: 1\r\nContent-Length: 3\r\n\r\n', { first: spanOf('abc') })
    expect(await peer.has('abc')).toBe('POST /a?b HTTP/1.1\r\nA: 1\r\nHost: h\r\nX-Added: 1\r\nContent-Length: 3\r\n\r\nabc')
  })

  test('more of a body: as octets or as chunks, also before the connection stands', async () => {
    const sized = await open()
    const first = sized.ask('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\n', { first: spanOf('ab', false) })
    expect(sized.connection.write(spanOf('cd', false))).toBe(false)
    const { sink, peer } = await first
    await sink.when(() => sink.drains === 1)
    expect(sized.connection.write(spanOf('ef'))).toBe(true)
    expect(await peer.has('ef')).toEndWith('\r\n\r\nabcdef')
    const chunked = await open()
    const more = await chunked.ask('POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n', { first: spanOf('ab', false) })
    chunked.connection.write(spanOf('cd', false))
    chunked.connection.write(spanOf(''))
    expect(await more.peer.has('0\r\n\r\n')).toEndWith('\r\n\r\n2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n')
  })

  test('an answer before the request has gone out whole ends the connection', async () => {
    const asked = await open()
    const { sink, peer } = await asked.ask('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\n', { first: spanOf('ab', false) })
    peer.send('HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n')
    expect(await sink.when(() => sink.ended)).toBe(true)
    expect([sink.status, asked.owned.idles, asked.owned.gones]).toEqual([413, 0, 1])
  })

  test.each([['octets', (peer: { send(text: string): void }) => peer.send('HTTP/1.1 408 Idle\r\n\r\n')], ['a FIN', (peer: { end(): void }) => peer.end()], ['a reset', (peer: { reset(): void }) => peer.reset()]])(
    'an idle connection that gets %s is gone', async (__, disturb) => {
      const asked = await open()
      const { sink, peer } = await asked.ask()
      peer.send('HTTP/1.1 204 N\r\n\r\n')
      await sink.when(() => sink.ended)
      expect(asked.owned.idles).toBe(1)
      disturb(peer)
      expect(await asked.connection.when(() => asked.connection.closed)).toBe(true)
      expect([asked.owned.gones, sink.late, sink.error]).toEqual([1, 0, null])
    })

  test('an answer that is not wanted any more', async () => {
    const asked = await open()
    const { sink, peer } = await asked.ask()
    peer.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe')
    await sink.when(() => sink.text === 'he')
    asked.connection.cancel()
    peer.send('llo')
    expect(await peer.when(() => peer.closed || peer.ended)).toBe(true)
    expect([sink.text, sink.error, sink.late, asked.owned.idles, asked.owned.gones]).toEqual(['he', null, 0, 0, 1])
  })

  test('one who cancels when he hears 1xx hears no more', async () => {
    const asked = await open()
    const { sink, peer } = await asked.ask()
    const { informed } = sink
    sink.informed = (head) => { informed.call(sink, head); asked.connection.cancel() }
    peer.send('HTTP/1.1 103 E\r\n\r\nHTTP/1.1 103 E\r\n\r\nHTTP/1.1 200 OK\r\n\r\n')
    await sink.when(() => sink.informs.length > 0)
    expect([sink.informs, sink.status]).toEqual([[103], 0])
  })
})
