// The table as /table tells it, from a running Lintel or built here from a folder: one shape, so that what explains it does not see a difference.
import { z } from 'zod'
import { StartError } from '../kube/start-error.ts'
import type { Certificate, Host, Policies, Route } from '../model.ts'
import type { Flags } from '../settings.ts'
import { builder } from '../table/build.ts'
import { orderedIssues } from '../table/issues.ts'
import { Answers } from '../watcher/answers.ts'
import { buildOptions } from '../watcher/build-options.ts'
import { readObjects } from './objects.ts'

const endpointSchema = z.object({ address: z.string(), port: z.number() })
const routeSchema = z.object({
  id: z.string(),
  ingress: z.string(),
  path: z.object({ kind: z.enum(['exact', 'prefix', 'regex']), value: z.string() }),
  backend: z.string().nullable(),
  alternatives: z.array(z.looseObject({ backend: z.string() })).optional(),
  // Shown as they are, and not looked into.
  policies: z.custom<Policies>((value) => typeof value === 'object' && value !== null),
})
const healthSchema = endpointSchema.extend({ backend: z.string(), states: z.record(z.string(), z.number()), reasons: z.array(z.string()), trialAt: z.string() })
const tableSchema = z.object({
  hosts: z.array(z.object({ host: z.string(), certificate: z.string().nullable(), routes: z.array(routeSchema) })),
  fallback: routeSchema.nullable(),
  backends: z.array(z.object({ key: z.string(), protocol: z.string(), endpoints: z.array(endpointSchema), unwell: z.array(endpointSchema).optional() })),
  certificates: z.array(z.object({ id: z.string(), subject: z.string(), notAfter: z.string(), names: z.array(z.string()) })),
  // Of what workers found noteworthy; absent where none run.
  health: z.array(healthSchema).optional(),
})
const issuesSchema = z.object({ issues: z.array(z.object({ object: z.string(), field: z.string(), reason: z.string() })) })

type TableRows = z.output<typeof tableSchema>
export type TableView = Omit<TableRows, 'hosts' | 'fallback'> & {
  readonly hosts: ReadonlyMap<string, Host>
  readonly fallback: Route | null
  readonly issues: z.output<typeof issuesSchema>['issues']
}

/** An answer of the admin port is there in milliseconds; it waits a while for busy workers. */
const ANSWER_MS = 10_000

/** Rejects with StartError where nothing answers there, or what answers is no Lintel. */
export async function viewOf(admin: string): Promise<TableView> {
  const [table, issues] = await Promise.all([fetched(`${admin}/table`), fetched(`${admin}/issues`)])
  return view(table, issues)
}

/** certificate: for names that have none. */
export async function viewOfObjects(flags: Flags, certificate: Certificate): Promise<TableView> {
  const found = await readObjects(flags, process.env)
  const { table, issues } = builder(buildOptions(flags, certificate)).full(found.objects)
  const json = new Answers().table(table, { workers: new Map(), unwell: new Map() })
  return view(JSON.parse(json), { issues: orderedIssues([...found.issues, ...issues]) })
}

function view(table: unknown, issues: unknown): TableView {
  const rows = tableSchema.safeParse(table)
  const told = issuesSchema.safeParse(issues)
  if (!rows.success || !told.success) throw new StartError('what answers on the admin port has no table that can be read: is it Lintel, and of the same version?')
  const { hosts, fallback, ...rest } = rows.data
  return {
    ...rest,
    issues: told.data.issues,
    hosts: new Map(hosts.map(({ host, certificate, routes }) => [host, { certificate, routes: routes.map(routeOf) }])),
    fallback: fallback && routeOf(fallback),
  }
}

/** Of alternatives only the backends are looked at. */
function routeOf({ alternatives, ...route }: TableRows['hosts'][number]['routes'][number]): Route {
  const others = alternatives?.map(({ backend }) => ({ backend, upstreamName: '', weight: 0, total: 0 }))
  return { ...route, upstreamName: '', ...(others !== undefined && { alternatives: others }) }
}

async function fetched(url: string): Promise<unknown> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) })
    return await response.json()
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new StartError(`${url} can't be read (${reason}): give the admin port of a running Lintel with --admin, or a folder with --manifests`)
  }
}
