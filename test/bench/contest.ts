// Proxies in one run beside each other: who takes part, and rounds that change direction, so that what drifts meets all of them alike.
// Knows no proxy, and not what is measured.
import { memoryCgroup } from './cgroup.ts'
import { openCrowd } from './loads/crowd.ts'
import { launch, type Peer, type PeerKind, placeFor } from './peers/peer.ts'
import { small } from './requests.ts'
import { type Setup, setUp } from './setup.ts'
import { PLAIN, type Site } from './site.ts'

export type Rounds = { readonly rounds: number; readonly seconds: number; readonly warmUpSeconds: number }

/** Something that every proxy is measured with. name: '' for what needs no name. */
export type Variant = { readonly name: string; readonly site?: Partial<Site> }

export type Contestant = { readonly name: string; readonly peer: string; readonly variant: string; readonly kind: PeerKind; readonly site: Site }

export type Sample = {
  /** In the unit of what is measured; less is better. */
  readonly value: number
  /** By the names of columns (report.ts). */
  readonly details: Readonly<Record<string, number>>
  /** Why the sample can't be used. */
  readonly trouble: string | undefined
}
export type Row = Pick<Contestant, 'name' | 'peer' | 'variant'> & { readonly samples: readonly Sample[] }

/** A way to measure: a row for each contestant, in their order. */
export type Measure = (contestants: readonly Contestant[], setup: Setup, rounds: Rounds) => Promise<Row[]>

export const contestantsOf = (peers: Readonly<Record<string, PeerKind>>, variants: readonly Variant[], site: Partial<Site>): Contestant[] =>
  variants.flatMap((variant) => Object.entries(peers).map(([peer, kind]) => ({
    name: variant.name === '' ? peer : `${peer}, ${variant.name}`, peer, variant: variant.name, kind, site: { ...PLAIN, ...site, ...variant.site },
  })))

/** What a site needs beside the proxy comes and goes with it: a cgroup around it, clients that stay. */
export const startContestant = async ({ kind, site, name }: Contestant, setup: Setup): Promise<Peer> => {
  const place = placeFor({ setup, site, name })
  const group = site.memory === null ? undefined : memoryCgroup(name, site.memory)
  const peer = await launch(kind.plan(place), place, group?.prefix)
  const crowd = site.idle === 0 ? undefined : await openCrowd({ port: peer.port, request: small[0] ?? '', count: site.idle })
  return {
    ...peer,
    async stop() {
      await crowd?.stop()
      await peer.stop()
      await group?.remove()
    },
  }
}

export const failed = (error: unknown): Sample => ({ value: NaN, details: {}, trouble: error instanceof Error ? error.message : String(error) })

export type Running = { readonly contestant: Contestant; readonly peer: Peer }
export type Steps = {
  /** Once for each, before the rounds. */
  prepare(running: Running): Promise<void>
  sample(running: Running, round: number): Promise<Sample>
}

/** All of them run at once, and take turns. One that does not start is a row that says why. */
export const takeTurns = async (contestants: readonly Contestant[], setup: Setup, { rounds, prepare, sample }: Steps & { readonly rounds: number }): Promise<Row[]> => {
  const entries = await startAll(contestants, setup)
  const running = entries.flatMap(({ peer, ...entry }) => peer === undefined ? [] : [{ ...entry, peer }])
  try {
    for (const entry of running) await prepare(entry)
    for (let round = 0; round < rounds; round++) {
      for (const entry of round % 2 === 0 ? running : running.toReversed()) entry.samples.push(await sample(entry, round).catch(failed))
    }
    return entries.map(({ contestant: { name, peer, variant }, samples }) => ({ name, peer, variant, samples }))
  } finally {
    await Promise.all(running.map(({ peer }) => peer.stop()))
  }
}

type Entry = { readonly contestant: Contestant; readonly peer: Peer | undefined; readonly samples: Sample[] }
const startAll = async (contestants: readonly Contestant[], setup: Setup): Promise<Entry[]> => {
  const entries: Entry[] = []
  for (const contestant of contestants) {
    const entry = await startContestant(contestant, setup).then((peer) => ({ peer, samples: [] }), (error: unknown) => ({ peer: undefined, samples: [failed(error)] }))
    entries.push({ contestant, ...entry })
  }
  return entries
}

/** Each round starts each of them anew; nobody else runs meanwhile. */
export const startAnew = async (contestants: readonly Contestant[], setup: Setup, { rounds, sample }: { readonly rounds: number; sample(running: Running): Promise<Sample> }): Promise<Row[]> => {
  const rows = contestants.map((contestant) => ({ contestant, samples: [] as Sample[] }))
  for (let round = 0; round < rounds; round++) {
    for (const { contestant, samples } of round % 2 === 0 ? rows : rows.toReversed()) {
      const alone = async () => {
        const peer = await startContestant(contestant, setup)
        return sample({ contestant, peer }).finally(peer.stop)
      }
      samples.push(await alone().catch(failed))
    }
  }
  return rows.map(({ contestant: { name, peer, variant }, samples }) => ({ name, peer, variant, samples }))
}

/** Rows that say why they are none. */
const noRows = (contestants: readonly Contestant[], error: unknown): Row[] => contestants.map(({ name, peer, variant }) => ({ name, peer, variant, samples: [failed(error)] }))

/** In front of an origin of their own. What fails as a whole is told by every row. */
export const compete = async (measure: Measure, contestants: readonly Contestant[], rounds: Rounds): Promise<Row[]> => {
  const setup = await setUp(contestants[0]?.site.origin ?? PLAIN.origin)
  try {
    return await measure(contestants, setup, rounds).catch((error: unknown) => noRows(contestants, error))
  } finally {
    await setup.stop()
  }
}
