// Kustomize and chart say the same where they should, and the chart refuses what it does not know.
import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { YAML } from 'bun'
import { version } from '../../package.json'
import { parseFlags } from '../../src/settings.ts'
import { helm } from './helm.ts'
import { BASES, CHART, charted, expanded, kustomized, type Rendered } from './render.ts'

type Container = { readonly args: readonly string[]; readonly image: string; readonly [field: string]: unknown }
type PodSpec = { readonly containers: readonly [Container]; readonly hostNetwork?: boolean; readonly [field: string]: unknown }

const of = (objects: readonly Rendered[], ...kinds: readonly string[]) => objects.filter(({ kind }) => kinds.includes(kind))
function pod(objects: readonly Rendered[]): PodSpec {
  const [workload] = of(objects, 'DaemonSet', 'Deployment')
  return (workload?.['spec'] as { template: { spec: PodSpec } }).template.spec
}
const flagsOf = (args: readonly string[]) => parseFlags(args.map((arg) => expanded(arg, { POD_NAMESPACE: 'lintel' })), {})
/** One line for each right, so that how they are grouped does not matter. */
const rights = (objects: readonly Rendered[]) => of(objects, 'Role', 'ClusterRole').flatMap(({ kind, ...role }) =>
  (role['rules'] as { apiGroups: string[]; resources: string[]; verbs: string[] }[]).flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => `${kind} ${verb} ${group}/${resource}`))))).toSorted()

const noKubectl = Bun.which('kubectl') === null
const noHelm = await helm() === null

describe.skipIf(noKubectl)('kustomize', () => {
  test.each(BASES)('%s: the program knows its arguments, and its image has the version', async (base) => {
    const { containers: [{ args, image }] } = pod(await kustomized(base))
    expect(flagsOf(args).warnings).toEqual([])
    expect(image).toBe(`lintel:${version}`)
  })

  test('host-network asks a pod whether it is ready by the socket that it answers on', async () => {
    const { containers: [{ args, startupProbe }] } = pod(await kustomized('host-network'))
    expect(startupProbe).toMatchObject({ exec: { command: ['/lintel', 'ready', `--healthz-socket=${flagsOf(args).flags.healthzSocket}`] } })
  })

  test('all objects of node-port are in ingress-nginx, and its account has the rights', async () => {
    const objects = await kustomized('node-port')
    const namespaces = objects.flatMap(({ kind, metadata }) => (kind === 'Namespace' ? metadata.name : metadata.namespace) ?? [])
    expect(new Set(namespaces)).toEqual(new Set(['ingress-nginx']))
    for (const binding of of(objects, 'ClusterRoleBinding', 'RoleBinding')) expect(binding['subjects']).toEqual([{ kind: 'ServiceAccount', name: 'lintel', namespace: 'ingress-nginx' }])
  })

  test('takeover serves the class of ingress-nginx instead of ours', async () => {
    const objects = await kustomized(join(import.meta.dir, 'migrating'))
    expect(pod(objects).containers[0].args).toContain('--controller-class=k8s.io/ingress-nginx')
    expect(of(objects, 'IngressClass').map(({ metadata, spec }) => [metadata.name, spec])).toEqual([['nginx', { controller: 'k8s.io/ingress-nginx' }]])
  })
})

describe.skipIf(noHelm || noKubectl)('the chart', () => {
  test('grants what the kustomization grants', async () => {
    expect(rights(await charted())).toEqual(rights(await kustomized('load-balancer')))
  })

  test.each([
    ['load-balancer', {}],
    ['host-network', { controller: { kind: 'DaemonSet', hostNetwork: true, tolerations: [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists', effect: 'NoSchedule' }] } }],
  ] as const)('has the pod of %s', async (base, values) => {
    const [ours, theirs] = [pod(await charted({ values })), pod(await kustomized(base))]
    for (const field of ['securityContext', 'terminationGracePeriodSeconds', 'volumes', 'dnsPolicy', 'nodeSelector', 'tolerations', 'serviceAccountName'] as const) {
      expect({ [field]: ours[field] }).toEqual({ [field]: theirs[field] ?? (field === 'dnsPolicy' ? 'ClusterFirst' : undefined) })
    }
    const { args: _, imagePullPolicy: __, ...container } = ours.containers[0]
    const { args: ___, ...expected } = theirs.containers[0]
    expect(container).toEqual(expected)
    expect(ours.containers[0].args).toEqual(expect.arrayContaining([...theirs.containers[0].args]))
  })

  test('gives a TCP service its ConfigMap, the pod a port, and the Services one', async () => {
    const objects = await charted({ values: { tcp: { 9000: 'default/db:5432' }, controller: { service: { nodePorts: { tcp: { 9000: 30900 } }, internal: { enabled: true, annotations: { a: 'b' } } } } } })
    expect(of(objects, 'ConfigMap').find(({ metadata }) => metadata.name === 'lintel-tcp')).toMatchObject({ data: { 9000: 'default/db:5432' } })
    expect(pod(objects).containers[0]['ports']).toContainEqual({ name: '9000-tcp', containerPort: 9000, protocol: 'TCP' })
    const ports = of(objects, 'Service').map(({ spec }) => (spec as { ports: object[] }).ports.at(-1))
    expect(ports).toEqual([{ name: '9000-tcp', port: 9000, protocol: 'TCP', targetPort: '9000-tcp', nodePort: 30900 }, { name: '9000-tcp', port: 9000, protocol: 'TCP', targetPort: '9000-tcp' }])
  })

  test('names the ConfigMaps of fields in the settings', async () => {
    const maps = of(await charted({ values: { controller: { addHeaders: { 'X-A': 'b' } } } }), 'ConfigMap')
    expect(maps.map(({ metadata, data }) => [metadata.name, data])).toEqual([['lintel', { 'add-headers': 'lintel/lintel-add-headers', 'worker-processes': '2' }], ['lintel-add-headers', { 'X-A': 'b' }]])
  })

  test('has the version of the program', () => {
    expect(YAML.parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8'))).toMatchObject({ version, appVersion: version })
  })

  test('refuses a value that it does not know, with its place, and says what to do about those of ingress-nginx', async () => {
    await expect(charted({ values: { controller: { replicas: 3 } } })).rejects.toThrow("at '/controller': additional properties 'replicas' not allowed")
    await expect(charted({ values: { controller: { admissionWebhooks: { enabled: true } } } })).rejects.toThrow('remove this value')
    await expect(charted({ values: { controller: { podSecurityContext: { runAsUser: 0 } } } })).rejects.toThrow('remove this value')
    await expect(charted({ values: { defaultBackend: { enabled: true } } })).rejects.toThrow('controller.extraArgs.default-backend-service')
    await expect(charted({ values: { controller: { service: { internal: { enabled: true } } } } })).rejects.toThrow('controller.service.internal needs annotations')
    await expect(charted({ values: { controller: { metrics: { serviceMonitor: { enabled: true } } } } })).rejects.toThrow('set controller.metrics.enabled=true')
    await expect(charted({ values: { rbac: { scope: true } } })).rejects.toThrow('set controller.scope.enabled=true')
    await expect(charted({ values: { controller: { kind: 'DaemonSet', autoscaling: { enabled: true } } } })).rejects.toThrow('set controller.kind=Deployment')
  })

  test.each([
    [{ controller: { watchIngressWithoutClass: true, ingressClassByName: true } }, ['--watch-ingress-without-class', '--ingress-class-by-name']],
    [{ controller: { scope: { enabled: true, namespace: 'one' } } }, ['--watch-namespace=one']],
    [{ controller: { scope: { enabled: true, namespaceSelector: 'edge=yes' } } }, ['--watch-namespace-selector=edge=yes']],
    [{ controller: { electionID: 'mine', electionTTL: '10s' } }, ['--election-id=mine', '--election-ttl=10s']],
    [{ controller: { publishService: { pathOverride: 'edge/lb' } } }, ['--publish-service=edge/lb']],
    [{ controller: { enableTopologyAwareRouting: true, disableLeaderElection: true, reportNodeInternalIp: true, healthCheckPath: '/live' } }, ['--enable-topology-aware-routing', '--disable-leader-election', '--report-node-internal-ip-address', '--health-check-path=/live']],
    [{ tcp: { 9000: 'default/db:5432' } }, ['--tcp-services-configmap=$(POD_NAMESPACE)/lintel-tcp']],
    [{ controller: { extraArgs: { 'default-ssl-certificate': 'a/b', 'enable-metrics': true } } }, ['--default-ssl-certificate=a/b', '--enable-metrics']],
  ])('turns %j into flags', async (values, flags) => {
    const { args } = pod(await charted({ values })).containers[0]
    expect(args).toEqual(expect.arrayContaining(flags))
    expect(flagsOf(args).warnings).toEqual([])
  })
})
