// The rights that deploy/ grants suffice for everything, and each one that is missing is named in one line with what to add.
import { beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { YAML } from 'bun'
import { type Program } from '../support/program.ts'
import { until } from '../support/until.ts'
import { kubeconfig } from './credentials.ts'
import type { Kube, KubeObject } from './kube.ts'
import { app, ask, cluster, ingress, scene } from './scene.ts'

type Rule = { readonly apiGroups: readonly string[]; readonly resources: readonly string[]; readonly verbs: readonly string[] }
type Role = KubeObject & { readonly rules: readonly Rule[] }

const here = scene()
const granted = YAML.parse(readFileSync(join(import.meta.dir, '../../deploy/base/rbac.yaml'), 'utf8')) as readonly KubeObject[]
const role = (kind: 'Role' | 'ClusterRole'): Role => granted.find((object) => object.kind === kind) as Role
const NAMESPACE = 'lintel'
const POD = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'lintel-0', namespace: NAMESPACE, labels: { app: 'lintel' } }, spec: { containers: [{ name: 'lintel', image: 'lintel' }] } }

let kube: Kube
let ns: string
let account: string

/** The kubeconfig of the service account. */
async function accountConfig(): Promise<string> {
  const { plane } = await cluster()
  const { status: { token } } = await kube.request('POST', `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/lintel/token`, { body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} } }) as { status: { token: string } }
  const path = join(plane.files.folder, 'account.kubeconfig')
  writeFileSync(path, kubeconfig({ server: plane.files.server, ca: readFileSync(plane.files.ca, 'utf8'), user: { token } }))
  return path
}

/** A missing right is met within a second of the start. */
const SAID_MS = 10_000
let elections = 0
const run = (): Promise<Program> => here.lintelAs(account, { flags: [`--election-id=account-${++elections}`, '--election-ttl=2s'], env: { POD_NAME: 'lintel-0', POD_NAMESPACE: NAMESPACE } })
const addresses = async () => ((await kube.get(ingress('web', ns, {})) as { status: { loadBalancer: { ingress?: { ip: string }[] } } }).status.loadBalancer.ingress ?? []).map(({ ip }) => ip)

beforeAll(async () => {
  kube = (await cluster()).kube
  ns = await here.namespace()
  await kube.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } })
  await kube.apply(...granted, POD, ...app('echo', ns), ingress('web', ns, { rules: [{ host: 'web.example', to: 'echo' }, { host: 'web.example', path: '/absent', to: 'absent' }] }))
  account = await accountConfig()
})

test('with all of them it serves, writes the addresses of its nodes, and says what is wrong', async () => {
  const program = await run()
  await until('served', async () => (await ask(program, 'web.example')).status === 200, 15_000)
  await until('the node\'s address is written', async () => (await addresses()).join() === '192.0.2.7', 15_000)
  const events = async () => (await kube.request('GET', `/apis/events.k8s.io/v1/namespaces/${ns}/events`) as { items: { note: string }[] }).items
  await until('the Event is there', async () => (await events()).some(({ note }) => note.includes('absent')), 15_000)
  expect(program.stderr.filter((line) => line.includes('the right to'))).toEqual([])
  await program.stop()
})

const without = (rules: readonly Rule[], group: string, resource: string): readonly Rule[] =>
  rules.map((rule) => (rule.apiGroups.includes(group) ? { ...rule, resources: rule.resources.filter((one) => one !== resource) } : rule)).filter(({ resources }) => resources.length > 0)

/** Its lines until one passes. Some rights are missed before it is ready, some after. */
async function linesUntil(passes: (line: string) => boolean): Promise<readonly string[]> {
  const flags = ['--http-port=0', '--https-port=0', '--healthz-port=0', '--bind-address=127.0.0.1', '--workers=1', `--kubeconfig=${account}`, `--election-id=account-${++elections}`, '--election-ttl=2s']
  const child = Bun.spawn([process.execPath, 'src/main.ts', ...flags], { stdout: 'ignore', stderr: 'pipe', env: { ...process.env, POD_NAME: 'lintel-0', POD_NAMESPACE: NAMESPACE } })
  const timer = setTimeout(() => child.kill('SIGKILL'), SAID_MS)
  let text = ''
  for await (const chunk of child.stderr.pipeThrough(new TextDecoderStream())) {
    text += chunk
    if (text.split('\n').slice(0, -1).some(passes)) child.kill('SIGKILL')
  }
  clearTimeout(timer)
  return text.split('\n')
}

describe('without the right to', () => {
  const rights = (['ClusterRole', 'Role'] as const).flatMap((kind) => role(kind).rules.flatMap(({ apiGroups: [group = ''], resources }) => resources.map((resource) => ({ kind, group, resource }))))

  test.each(rights)('$resource of "$group" in the $kind', async ({ kind, group, resource }) => {
    const { rules, ...rest } = role(kind)
    // So that there is something to write.
    await kube.patch(ingress('web', ns, {}), { status: { loadBalancer: { ingress: null } } }, 'status')
    await kube.request('DELETE', `/apis/events.k8s.io/v1/namespaces/${ns}/events`)
    await kube.apply({ ...rest, rules: without(rules, group, resource) })
    try {
      const names = (line: string) => line.startsWith('lintel: ') && line.includes(resource.split('/')[0] ?? resource) && line.includes('the right to')
      expect((await linesUntil(names)).filter(names)).toHaveLength(1)
    } finally {
      await kube.apply(role(kind))
    }
  })
})
