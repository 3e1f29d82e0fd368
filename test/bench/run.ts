// `npm run bench [-- --quick] [-- --gate]`: CPU per request of Lintel beside nginx, HTTP/1.1 keep-alive, small answer.
// Proxies on core 0, load and backend on core 1. Rounds alternate; the ratio of one run compares, absolute numbers do not.
import { cpus } from 'node:os'
import { coreBusyUs, cpuUs } from './cpu.ts'
import { host, proxyCore, startLintel, startNginx, type Peer } from './peers.ts'
import { ratio, report, type Row, type Sample } from './report.ts'
import { fail, findTools } from './tools.ts'
import { connections, runWrk } from './wrk.ts'

/** The bar: Lintel may cost this many times nginx's CPU. */
const maxRatio = 1.2
/** A proxy that uses less than this of what others left of its core waited for the load, and what it cost says little. */
const minBusyShare = 0.5

const flags = new Set(process.argv.slice(2))
for (const flag of flags) if (flag !== '--quick' && flag !== '--gate') fail(`unknown flag ${flag}: there are --quick and --gate`)
const { rounds, seconds, warmUpSeconds } = flags.has('--quick')
  ? { rounds: 3, seconds: 1, warmUpSeconds: 2 }
  : { rounds: 7, seconds: 2, warmUpSeconds: 4 }

const measure = async (peer: Peer): Promise<Sample> => {
  const cpuBefore = cpuUs(peer.pid)
  const busyBefore = coreBusyUs(proxyCore)
  const load = await runWrk({ url: peer.url, host, seconds })
  const cpu = cpuUs(peer.pid) - cpuBefore
  const busy = coreBusyUs(proxyCore) - busyBefore
  const ownShare = cpu / 1e6 / load.seconds
  const otherShare = Math.max(0, busy - cpu) / 1e6 / load.seconds
  const tooLight = ownShare < minBusyShare * (1 - otherShare) ? `the load was too light, its core was busy ${Math.round(ownShare * 100)} %` : undefined
  return {
    cpuUsPerRequest: cpu / load.requests,
    requestsPerSecond: load.requests / load.seconds,
    ownShare,
    otherShare,
    trouble: load.trouble ?? tooLight,
  }
}

const measureAll = async (peers: readonly Peer[]): Promise<Row[]> => {
  const rows = peers.map((peer) => ({ peer, name: peer.name, samples: [] as Sample[] }))
  for (const { peer } of rows) await runWrk({ url: peer.url, host, seconds: warmUpSeconds })
  for (let round = 0; round < rounds; round++) {
    for (const { peer, samples } of round % 2 === 0 ? rows : rows.toReversed()) samples.push(await measure(peer))
  }
  return rows
}

const startBackend = async (): Promise<{ port: number; stop(): void }> => {
  const child = Bun.spawn(['taskset', '-c', '1', process.execPath, `${import.meta.dir}/backend.ts`], { stdout: 'pipe', stderr: 'inherit' })
  const stop = () => child.kill('SIGTERM')
  process.once('exit', stop)
  for await (const chunk of child.stdout) return { port: Number(new TextDecoder().decode(chunk)), stop }
  return fail('the backend did not start')
}

const main = async (): Promise<number> => {
  if (cpus().length < 2) fail('this needs two cores: one for the proxy, one for load and backend')
  const nginxPath = findTools()
  const backend = await startBackend()
  const peers: Peer[] = []
  try {
    peers.push(await startNginx(nginxPath, backend.port))
    peers.push(await startLintel(backend.port))
    const [nginx, lintel] = await measureAll(peers)
    if (!nginx || !lintel) return 1
    const found = ratio(lintel, nginx)
    console.log(`HTTP/1.1 keep-alive, ${connections} connections, small answer, log off: ${rounds} rounds of ${seconds} s\n`)
    console.log(`${report([nginx, lintel], nginx)}\n\nLintel / nginx: ${Number.isNaN(found) ? 'not comparable' : found.toFixed(2)} (bar: ${maxRatio})`)
    if (Number.isNaN(found)) return 1
    return flags.has('--gate') && found > maxRatio ? 1 : 0
  } finally {
    await Promise.all(peers.map((peer) => peer.stop()))
    backend.stop()
  }
}

// Leaving by exit ends the children too: their `exit` listeners send SIGTERM.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
process.exit(await main())
