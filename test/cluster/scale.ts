// `bun run test:cluster test/cluster/scale.ts [INGRESSES]`: time to ready, time for a change to be live, watcher CPU and memory with many
// objects in a real API server, beside the promises. Exit 1 when one is not held. Numbers of a busy machine say little: run it alone.
import { createServer } from 'node:http'
import { percentile } from '../features/crowd.ts'
import { start } from '../support/program.ts'
import { until } from '../support/until.ts'
import { ControlPlane } from './control-plane.ts'
import { Kube, type KubeObject } from './kube.ts'

const ingresses = Number(process.argv[2] ?? 5000)
const CHANGES = 100
const UPDATES_PER_SECOND = 50
const BURST = { perSecond: 200, seconds: 60 }
const AT_ONCE = 40
const PODS = ['10.244.1.1', '10.244.1.2'] as const
const NAMESPACE = 'scale'
const promises = { readyMs: 2500, ingressP99: 50, sliceP99: 20, watcherCpu: 0.1, residentMb: 250, growthMb: 30 }

const name = (index: number) => `app-${index}`
const metadata = (index: number, labels = {}) => ({ name: name(index), namespace: NAMESPACE, labels })
const service = (index: number): KubeObject => ({ apiVersion: 'v1', kind: 'Service', metadata: metadata(index), spec: { ports: [{ name: 'http', port: 80 }] } })
const slice = (index: number, pod: string): KubeObject => ({
  apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: metadata(index, { 'kubernetes.io/service-name': name(index) }),
  addressType: 'IPv4', ports: [{ name: 'http', port: 3000 }], endpoints: [{ addresses: [pod], conditions: { ready: true } }],
})
const ingress = (index: number, host = `${name(index)}.example`): KubeObject => ({
  apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: metadata(index),
  spec: {
    ingressClassName: 'nginx',
    rules: [host, `www.${host}`].map((one) => ({ host: one, http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: name(index), port: { number: 80 } } } }] } })),
  },
})

async function each(count: number, act: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0
  await Promise.all(Array.from({ length: AT_ONCE }, async () => { while (next < count) await act(next++) }))
}

const plane = await ControlPlane.start(process.env['LINTEL_CLUSTER_BINARIES'] ?? '')
const kube = new Kube(plane.files)
await kube.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } })
for (const pod of PODS) await new Promise<void>((resolve) => { createServer((_, response) => response.end(pod)).listen(3000, pod, resolve) })
await each(ingresses, (index) => kube.apply(service(index), slice(index, PODS[0]), ingress(index)))
console.error(`${ingresses} Ingresses, Services and EndpointSlices are there`)

const launched = performance.now()
const program = await start({ manifests: null, flags: [`--kubeconfig=${plane.files.kubeconfig}`, '--disable-leader-election'] })
const readyMs = performance.now() - launched

const answer = async (host: string) => {
  const response = await fetch(program.url, { headers: { Host: host } })
  return `${response.status} ${await response.text()}`
}
/** From the write's start to the first answer that shows it. */
async function live(write: () => Promise<unknown>, host: string, shows: (answer: string) => boolean): Promise<number> {
  const began = performance.now()
  const written = write()
  await until(host, async () => shows(await answer(host)))
  const took = performance.now() - began
  await written
  return took
}

const ingressTimes: number[] = []
for (let i = 0; i < CHANGES; i++) ingressTimes.push(await live(() => kube.apply(ingress(i, `new-${i}.example`)), `new-${i}.example`, (text) => text.startsWith('200')))

/** Endpoints move while it waits; returns how many did. */
function updating(perSecond: number) {
  let count = 0
  const timer = setInterval(() => void kube.apply(slice(CHANGES + count++ % (ingresses - CHANGES), PODS[count & 1 ? 1 : 0])), 1000 / perSecond)
  return () => { clearInterval(timer); return count }
}
const cpuMs = async () => {
  const text = await Bun.file(`/proc/${program.pid}/stat`).text()
  const [, , , , , , , , , , , user = '0', system = '0'] = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(user) + Number(system)) * 10
}
const residentMb = async () => Number(/VmRSS:\s+(\d+)/.exec(await Bun.file(`/proc/${program.pid}/status`).text())?.[1]) / 1000

const [cpuBefore, began] = [await cpuMs(), performance.now()]
const stop = updating(UPDATES_PER_SECOND)
await Bun.sleep(10_000)
const watcherCpu = (await cpuMs() - cpuBefore) / (performance.now() - began)
const sliceTimes: number[] = []
for (let i = 0; i < CHANGES; i++) sliceTimes.push(await live(() => kube.apply(slice(i, PODS[1])), `new-${i}.example`, (text) => text.endsWith(PODS[1])))
stop()

const beforeBurst = await residentMb()
const stopBurst = updating(BURST.perSecond)
await Bun.sleep(BURST.seconds * 1000)
const burst = stopBurst()
const caughtUpMs = await live(() => kube.apply(ingress(0, 'last.example')), 'last.example', (text) => text.startsWith('200'))
const afterBurst = await residentMb()

const found = { readyMs, ingressP99: percentile(ingressTimes, 0.99), sliceP99: percentile(sliceTimes, 0.99), watcherCpu, residentMb: beforeBurst, growthMb: afterBurst - beforeBurst }
console.table(Object.entries(found).map(([figure, value]) => ({ figure, value: Math.round(value * 1000) / 1000, promised: promises[figure as keyof typeof promises] })))
console.log(`p50: Ingress ${percentile(ingressTimes, 0.5).toFixed(1)} ms, slice ${percentile(sliceTimes, 0.5).toFixed(1)} ms; ${burst} changes in ${BURST.seconds} s, then live in ${caughtUpMs.toFixed(0)} ms`)
await program.stop()
await plane.stop()
process.exit(Object.entries(found).some(([figure, value]) => value > promises[figure as keyof typeof promises]) ? 1 : 0)
