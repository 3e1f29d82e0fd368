// What the kernel knows of a socket before the event loop does, asked in both ways.
import { describe, expect, test } from 'bun:test'
import { createServer, type Socket } from 'node:net'
import { hasUnread, isReadable } from '../../src/http/unread.ts'
import { dial, keeping, listen, Peer } from './support.ts'

const kept = keeping()

/** Two ends; the event loop is kept from reading the first one, whose descriptor this is. */
async function ends(): Promise<{ readonly fd: number; readonly other: Peer }> {
  const { promise, resolve } = Promise.withResolvers<Socket>()
  const server = createServer({ allowHalfOpen: true }, resolve)
  const near = kept(await dial(await listen(server)))
  const other = kept(new Peer(await promise))
  server.close()
  near.socket.pause()
  const handle: unknown = Reflect.get(near.socket, '_handle')
  const fd: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined
  if (typeof fd !== 'number') throw new Error('the socket has no descriptor')
  return { fd, other }
}

describe.each([['poll', hasUnread], ['read', isReadable]])('%s', (_, asks) => {
  test('nothing has come, however often it is asked', async () => {
    const { fd } = await ends()
    expect([asks(fd), asks(fd), asks(fd)]).toEqual([false, false, false])
  })

  test.each<[string, (other: Peer) => void]>([
    ['an octet', (other) => other.send('x')], ['a reset', (other) => other.reset()],
  ])('%s, in the turn in which it was sent', async (__, happens) => {
    const { fd, other } = await ends()
    happens(other)
    expect(asks(fd)).toBe(true)
  })

  test('a FIN', async () => {
    const { fd, other } = await ends()
    other.socket.end()
    await new Promise((resolve) => { other.socket.once('finish', resolve) })
    expect(asks(fd)).toBe(true)
  })
})

test('asking by poll takes nothing', async () => {
  const { fd, other } = await ends()
  other.send('x')
  expect([hasUnread(fd), hasUnread(fd)]).toEqual([true, true])
})
