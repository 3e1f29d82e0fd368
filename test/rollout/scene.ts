// Everything of a rollout together: the program, a Deployment behind it, and clients in front. Knows how to count what was lost.
import { z } from 'zod'
import { CONFIGURED } from '../features/scene.ts'
import { configMap } from '../support/manifests.ts'
import { type Program, start } from '../support/program.ts'
import { until } from '../support/until.ts'
import { startClients } from './clients.ts'
import { Deployment, standing } from './deployment.ts'
import type { LoadOptions, Tally } from './messages.ts'
import type { PodOptions } from './pod-process.ts'

export type Scene = Omit<LoadOptions, 'port'> & { readonly replicas: number; readonly pods?: Omit<PodOptions, 'seen'> }
/**
 * twice: POSTs that pods read more than once. never: those that were answered and that none has read. inVain: those that one has read and that were
 * not answered. failed: what the program's log says of losses.
 */
export type Found = Tally & Readonly<Record<'twice' | 'never' | 'inVain' | 'failed', readonly string[]>>

/** However many requests a client has sent, its connection is not to be closed. */
const settings = configMap({ name: 'settings' }, { 'keep-alive-requests': '1000000' })

/** Status 5xx, or 499 and 000 of a client that left. */
const FAILED = / HTTP\/[\d.]+" (?:5\d\d|499|000) /

/** Runs `act` while the clients work, and says what they lost. */
export async function underLoad({ replicas, pods = {}, ...load }: Scene, act: (deployment: Deployment, program: Program) => Promise<void>): Promise<Found> {
  const program = await start({ manifests: [...standing(), settings], flags: ['--workers=2', CONFIGURED] })
  const deployment = new Deployment(program, pods)
  try {
    await deployment.scale(replicas)
    await until('every worker has the pods', async () => serves(tableBody.parse(await program.get('/table')), replicas))
    const clients = await startClients({ ...load, port: program.http })
    try {
      await act(deployment, program)
      const tally = await clients.stop()
      return { ...tally, ...counted(tally, deployment.seen), failed: program.stdout.filter((line) => FAILED.test(line)) }
    } finally {
      clients.kill()
    }
  } finally {
    deployment.stop()
    await program.stop()
  }
}

const tableBody = z.object({
  version: z.number(), workers: z.array(z.object({ version: z.number().nullable() })), backends: z.array(z.object({ endpoints: z.array(z.unknown()) })),
})
const serves = ({ version, workers, backends }: z.output<typeof tableBody>, replicas: number): boolean =>
  workers.every((worker) => worker.version === version) && backends.every(({ endpoints }) => endpoints.length === replicas)

const counted = ({ posted }: Tally, seen: ReadonlyMap<string, number>) => ({
  twice: [...seen].filter(([, times]) => times > 1).map(([id]) => id),
  never: posted.filter((id) => !seen.has(id)),
  inVain: [...new Set(seen.keys()).difference(new Set(posted))],
})
