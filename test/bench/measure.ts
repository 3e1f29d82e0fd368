// One cell: all its peers in front of one origin, in rounds that change direction, so that what drifts meets all of them alike.
import type { Cell } from './cells.ts'
import { coreBusyUs, cpuUs } from './cpu.ts'
import type { LoadReport } from './load.ts'
import { type Peer, proxyCore } from './peers/peer.ts'
import { peerKinds } from './peers.ts'
import type { Row, Sample } from './report.ts'
import { setUp } from './setup.ts'

/** A proxy that uses less than this of what others left of its core waited for the load, and what it cost says little. */
const MIN_BUSY_SHARE = 0.5
/** wrk rounds what it read. */
const MIN_BODY_SHARE = 0.98

export type Rounds = { readonly rounds: number; readonly seconds: number; readonly warmUpSeconds: number }

/** A row for each of `names`, in their order. */
export const measureCell = async (cell: Cell, names: readonly string[], { rounds, seconds, warmUpSeconds }: Rounds): Promise<Row[]> => {
  const setup = await setUp(cell)
  const peers: Peer[] = []
  try {
    for (const name of names) peers.push(await startNamed(name, setup))
    const run = (peer: Peer, seconds: number) => cell.load.run({ port: peer.port, seconds, folder: setup.folder })
    const rows = peers.map((peer) => ({ peer, name: peer.name, samples: [] as Sample[] }))
    for (const peer of peers) await run(peer, warmUpSeconds)
    for (let round = 0; round < rounds; round++) {
      for (const { peer, samples } of round % 2 === 0 ? rows : rows.toReversed()) samples.push(await sample(peer, cell, () => run(peer, seconds)))
    }
    return rows.map(({ name, samples }) => ({ name, samples }))
  } finally {
    await Promise.all(peers.map((peer) => peer.stop()))
    await setup.stop()
  }
}

const startNamed = (name: string, setup: Awaited<ReturnType<typeof setUp>>): Promise<Peer> => {
  const kind = peerKinds[name]
  if (kind === undefined) throw new Error(`there is no peer ${name}`)
  return kind.start(setup)
}

const sample = async (peer: Peer, cell: Cell, run: () => Promise<LoadReport>): Promise<Sample> => {
  const cpuBefore = cpuUs(peer.pid)
  const busyBefore = coreBusyUs(proxyCore)
  const load = await run()
  const cpu = cpuUs(peer.pid) - cpuBefore
  const busy = coreBusyUs(proxyCore) - busyBefore
  const ownShare = cpu / 1e6 / load.seconds
  const otherShare = Math.max(0, busy - cpu) / 1e6 / load.seconds
  return {
    cpuUsPerRequest: cpu / load.requests, requestsPerSecond: load.requests / load.seconds, ownShare, otherShare,
    trouble: load.trouble ?? shortfall(load, cell.bodyBytes) ?? tooLight(ownShare, otherShare),
  }
}

export const shortfall = ({ requests, octets }: LoadReport, bodyBytes: number): string | undefined =>
  octets >= requests * bodyBytes * MIN_BODY_SHARE ? undefined : `${Math.round(octets / requests)} octets an answer instead of ${bodyBytes}`

const tooLight = (ownShare: number, otherShare: number): string | undefined =>
  ownShare < MIN_BUSY_SHARE * (1 - otherShare) ? `the load was too light: the proxy used ${Math.round(ownShare * 100)} % of its core` : undefined
