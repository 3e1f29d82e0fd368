// Runs one ingress case: its own origins, its own program, its steps in order.
import { X509Certificate } from 'node:crypto'
import { start, toYaml, type Program } from '../../support/program.ts'
import { byComplaints, failed, skipped, type Result } from '../outcome.ts'
import { unknownKeys, type Given, type IngressCase, type Step } from './case.ts'
import { changeBefore, mostReplicas, type Change } from './change.ts'
import type { Checker, Context } from './checks.ts'
import { plan } from './expectations.ts'
import { cannotProduce, flags, manifests, serviceNames, tlsServices, type Endpoints } from './given.ts'
import { certificates, clientCertificates, NAMESPACE } from './secrets.ts'
import { perform, type Environment } from './request.ts'
import { behaviourOf, startServers, type Servers } from './servers.ts'

/** After a change: for the new table, and for the step to hold. ingress-nginx's own tests wait 90 s. */
const CONVERGE_MS = 2_000

/** Why the case can't be run or checked; none: it can. */
export function skipReasons(given: IngressCase): string[] {
  const changes = given.steps.flatMap(({ change }, index) => (changeBefore(given, index) === 'unknown' ? [`change: "${change}"`] : []))
  const texts = given.steps.flatMap(({ request }) => [
    ...(request.raw !== undefined && !/ HTTP\/1\.\d/.test(request.raw) ? [`request.raw: "${request.raw}"`] : []),
    ...(request.body === 'slow stream' ? ['request.body: "slow stream"'] : []),
  ])
  return [
    ...unknownKeys(given),
    ...cannotProduce(given.given),
    ...changes,
    ...texts,
    ...given.steps.flatMap(({ expected }) => plan(expected).cannot),
  ]
}

export async function runIngressCase(given: IngressCase, { command }: { command?: readonly string[] } = {}): Promise<Result> {
  const reasons = skipReasons(given)
  if (reasons.length > 0) return skipped(given.id, reasons)
  const behaviour = behaviourOf(given.given.upstream ?? 'WebSocket echo') ?? {}
  const servers = await startServers(serviceNames(given.given), { behaviour, replicas: mostReplicas(given), tls: tlsServices(given.given) })
  try {
    return await runOn(servers, given, command)
  } catch (error) {
    return failed(given.id, [error instanceof Error ? error.message : String(error)])
  } finally {
    await servers.close()
  }
}

async function runOn(servers: Servers, given: IngressCase, command: readonly string[] | undefined): Promise<Result> {
  let cluster = given.given
  const program = await start({
    manifests: await manifests(cluster, endpoints(cluster, servers)),
    flags: flags(cluster),
    env: { POD_NAMESPACE: NAMESPACE, POD_NAME: 'lintel-0' },
    ...(command && { command }),
  })
  try {
    const environment = {
      program,
      services: servers.services,
      clientCertificates: await clientCertificates(cluster),
      cookies: new Map<string, string>(),
    }
    for (const [index, step] of given.steps.entries()) {
      const change = changeBefore(given, index)
      if (change && change !== 'unknown') cluster = await apply(change, cluster, { program, servers })
      const complaints = await runStep(step, { environment, cluster, patient: change !== undefined })
      const where =
        given.steps.length > 1
          ? `step ${index + 1} (${step.request.process ?? `${step.request.method} ${step.request.host ?? ''}${step.request.path}`}): `
          : ''
      if (complaints.length > 0)
        return byComplaints(
          given.id,
          complaints.map((complaint) => where + complaint),
        )
    }
    return byComplaints(given.id, [])
  } finally {
    await program.stop()
  }
}

/** Endpoints that listen: as many as the Service has replicas now, or all where one of them is to refuse. */
function endpoints({ replicas, upstream = '' }: Given, { services, auth }: Servers): Endpoints {
  const count = behaviourOf(upstream)?.replicas ?? replicas
  return {
    auth: auth.port,
    services: new Map([...services].map(([name, echoes]) => [name, echoes.slice(0, count).map(({ port }) => port)])),
  }
}

/** Returns the cluster after it, when the program has read it (or had the time to, where it changes nothing for the program). */
async function apply(change: Change, cluster: Given, { program, servers }: { program: Program; servers: Servers }): Promise<Given> {
  if (change.auth === 'removed') await servers.auth.close()
  const changed = change.given(cluster)
  if (changed === cluster) return changed
  const before = await program.version()
  program.write('manifests.yaml', toYaml(await manifests(changed, endpoints(changed, servers))))
  await program.waitFor('a new table after the change', async () => (await program.version()) > before, CONVERGE_MS)
  return changed
}

type Surroundings = {
  readonly environment: Environment
  readonly cluster: Given
  /** Repeat the request until it holds, for a bounded time. */ readonly patient: boolean
}

async function runStep({ request, expected }: Step, { environment, cluster, patient }: Surroundings): Promise<string[]> {
  const { checkers } = plan(expected)
  const deadline = performance.now() + CONVERGE_MS
  for (;;) {
    const seen = await perform(request, environment)
    const context = await contextOf(environment, cluster)
    const complaints = checkers.flatMap((check: Checker) => check(seen, context))
    if (complaints.length === 0 || !patient || performance.now() > deadline) return complaints
  }
}

async function contextOf({ program }: Environment, cluster: Given): Promise<Context> {
  const issues = await program.get('/issues').then(
    (body) => JSON.stringify(body),
    () => '',
  )
  const running = await Promise.race([program.exited.then(() => false), Promise.resolve(true)])
  const fingerprints = new Map([...await certificates(cluster)].map(([name, { cert }]) => [name, new X509Certificate(cert).fingerprint256]))
  return { ports: program, fingerprints, said: [...program.stderr, ...program.stdout, issues].join('\n'), running }
}
