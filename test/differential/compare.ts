// Lintel beside nginx and HAProxy: where it serves more of a message than both, or lets odd octets through, a reader behind it may be
// deceived. Mutations are numbered: the number repeats the case.
import { loadCases } from '../cases/cases.ts'
import { octets } from '../cases/http1/case.ts'
import { backend, ingress, service } from '../support/manifests.ts'
import { start } from '../support/program.ts'
import { ask, type Fate } from './ask.ts'
import { mutation } from './mutate.ts'
import { startOrigin } from './origin.ts'
import { type Peer, startPeers } from './peers.ts'

export type Finding = { readonly seed: number; readonly message: string; readonly lintel: Fate; readonly peers: Readonly<Record<string, Fate>> }
export type Comparison = { readonly compared: number; readonly served: number; readonly findings: readonly Finding[]; readonly missing: readonly string[] }

const CORPUS = new URL('../cases/http1.yaml', import.meta.url).pathname
/** Longer ones are about limits: a byte more or less changes nothing, and they are slow. */
const LONGEST = 2_000
/** Plain messages beside the corpus: mutations of what everybody accepts find more than those of what everybody refuses. */
const PLAIN = [
  'GET /a?b=c HTTP/1.1\r\nHost: h.test\r\nAccept: */*\r\n\r\n',
  'POST /p HTTP/1.1\r\nHost: h.test\r\nContent-Length: 5\r\n\r\nhello',
  'POST /p HTTP/1.1\r\nHost: h.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'POST /p HTTP/1.1\r\nHost: h.test\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX-T: 1\r\n\r\nGET /next HTTP/1.1\r\nHost: h.test\r\n\r\n',
  'GET /1 HTTP/1.1\r\nHost: h.test\r\n\r\nGET /2 HTTP/1.1\r\nHost: h.test\r\nConnection: close\r\n\r\n',
]
/** What a peer does at first may be a race with our half-close; what it does in none of these looks it refuses. */
const LOOKS_MS = [0, 20, 100, 300]
/** Where Lintel is right and both peers are not: the RFC's word beside the pattern. */
const LEGAL: readonly RegExp[] = [
  /^transfer-encoding:[ \t]*\t[ \t]*chunked[ \t]*\r$|^transfer-encoding:[ \t]*chunked[ \t]*\t[ \t]*\r$/im, // OWS = *( SP / HTAB ), RFC 9110 §5.6.3; case te-tab-ows
]
/** Connections at once. */
const AT_ONCE = 16

export const messages = async (): Promise<string[]> => {
  const file = await loadCases(CORPUS)
  const corpus = file.format === 'http1' ? file.cases.map(octets) : []
  return [...PLAIN, ...corpus.filter((message) => message.length <= LONGEST)]
}

const manifests = (port: number) => [
  service({ metadata: { name: 'origin' }, ports: [{ name: 'http', port: 80 }], endpoints: [port] }),
  ingress({ metadata: { name: 'all' }, rules: [{ paths: [{ path: '/', backend: backend('origin:80') }] }] }),
].flat()

/** Mutations from..from+count of the messages. Peers are asked only about what Lintel serves. */
export const compare = async ({ from, count }: { from: number; count: number }): Promise<Comparison> => {
  const all = await messages()
  const origin = await startOrigin()
  const { peers, missing } = await startPeers(origin.port)
  const program = await start({ manifests: manifests(origin.port), flags: ['--workers=1'] })
  const findings: Finding[] = []
  let served = 0
  try {
    let next = from
    const one = async (seed: number) => {
      const message = mutation(all, seed)
      const lintel = await ask(program.http, message)
      if (lintel.served === 0 && !lintel.odd) return
      served++
      if (LEGAL.some((pattern) => pattern.test(message))) return
      const fates = await Promise.all(peers.map(async (peer) => [peer.name, await most(peer.port, message, lintel.served)] as const))
      if (isFinding(lintel, fates.map(([, fate]) => fate))) findings.push({ seed, message, lintel, peers: Object.fromEntries(fates) })
    }
    await Promise.all(Array.from({ length: AT_ONCE }, async () => { while (next < from + count) await one(next++) }))
  } finally {
    await program.stop()
    await stopAll(peers)
    origin.close()
  }
  return { compared: count, served, findings, missing }
}

const most = async (port: number, message: string, enough: number): Promise<Fate> => {
  let best: Fate = { served: -1, odd: false }
  for (const endsAfterMs of LOOKS_MS) {
    const fate = await ask(port, message, endsAfterMs)
    if (fate.served > best.served) best = fate
    if (best.served >= enough) break
  }
  return best
}

/** Without peers to compare with, only odd octets are a finding. */
export const isFinding = (lintel: Fate, peers: readonly Fate[]): boolean =>
  lintel.odd || (peers.length > 0 && peers.every((peer) => peer.served < lintel.served))

const stopAll = async (peers: readonly Peer[]) => { for (const peer of peers) await peer.stop() }
