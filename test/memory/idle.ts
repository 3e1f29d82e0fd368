// Connections that were used once and stay: what each costs a program that has served others before.
import type { Extent, Figure, Finding } from './figure.ts'
import { KIB, MIB, settled } from './resident.ts'
import { crowd, withSite } from './site.ts'

/**
 * Came and went before, so many after another: compiled code is the program's, not a connection's, and 2,000 handshakes have more of it compiled
 * than 100. Never more at once: room that was made for many would be theirs.
 */
const WARM_UP = { connections: 100, times: 20 }
/** What a program of 100 connections grows by once, on its way to more, as measured with few and with many; it hides no leak of the size of a bound. */
const QUICK_ALLOWANCE = 4 * MIB

type Crowd = { readonly kind: string; readonly about: string; readonly full: number; readonly quick: number; readonly boundEach: number }

const measure = ({ kind, about, full, quick, boundEach }: Crowd, extent: Extent): Promise<Finding[]> => withSite(async (site) => {
  const count = extent === 'full' ? full : quick
  for (let time = 0; time < WARM_UP.times; time++) await (await crowd(site, kind, WARM_UP.connections)).leave()
  const before = await settled(site.program.pid)
  const { leave } = await crowd(site, kind, count)
  const octets = await settled(site.program.pid) - before
  await leave()
  return [{ what: `${count} ${about}`, octets, bound: count * boundEach + (extent === 'quick' ? QUICK_ALLOWANCE : 0) }]
})

const crowds: readonly Crowd[] = [
  // 60 MB for 10,000. A process that may open 20,000 files lets 9,000 clients in.
  { kind: 'http1', about: 'idle keep-alive connections', full: 8_900, quick: 1_000, boundEach: 6_000 },
  // 40 MB for 2,000.
  { kind: 'http2', about: 'idle HTTP/2 connections in clear', full: 2_000, quick: 300, boundEach: 20_000 },
  { kind: 'http2-tls', about: 'idle HTTP/2 connections over TLS', full: 2_000, quick: 300, boundEach: 20_000 },
  { kind: 'tunnel', about: 'idle WebSocket tunnels, both sockets', full: 2_000, quick: 500, boundEach: 12 * KIB },
]

export const idleFigures: readonly Figure[] = crowds.map((each) => ({ name: `idle-${each.kind}`, measure: (extent) => measure(each, extent) }))
