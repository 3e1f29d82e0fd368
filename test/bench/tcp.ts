// `bun test/bench/tcp.ts [rounds]`: CPU of a TCP service beside HAProxy's (mode tcp), answers of 1 MiB over 8 connections. Both stand before one origin,
// in turns; the median of the rounds' ratios is the result, and more than BAR an exit code of 1.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { configMap, service } from '../support/manifests.ts'
import { accepts, freePort } from '../support/ports.ts'
import { toYaml } from '../support/program.ts'
import { until } from '../support/until.ts'
import { type Child, startChild } from './child.ts'
import { onLoadCore } from './loads/load.ts'
import { wrk } from './loads/wrk.ts'
import { cpuUs } from './proc.ts'
import { needTools, toolPath } from './tools.ts'

const BAR = 1
const ROUNDS = 7
const SECONDS = 2
const onProxyCore = ['taskset', '-c', '0']
const load = wrk({ connections: 8 })

type Peer = { readonly name: string; readonly port: number; readonly child: Child }

const startHaproxy = (folder: string, originPort: number): Peer => {
  const port = freePort()
  const file = join(folder, 'haproxy.cfg')
  writeFileSync(file, `global\n  nbthread 1\ndefaults\n  mode tcp\n  timeout connect 1h\n  timeout client 1h\n  timeout server 1h\nfrontend in\n  bind 127.0.0.1:${port}\n  default_backend out\nbackend out\n  server origin 127.0.0.1:${originPort}\n`)
  return { name: 'haproxy', port, child: startChild([...onProxyCore, toolPath('haproxy'), '-db', '-f', file]) }
}

const startLintel = (folder: string, originPort: number): Peer => {
  const port = freePort()
  writeFileSync(join(folder, 'bench.yaml'), toYaml([
    ...service({ metadata: { name: 'origin' }, ports: [{ name: 'tcp', port: 80 }], endpoints: [originPort] }),
    configMap({ name: 'tcp' }, { [port]: 'default/origin:80' }), configMap({ name: 'settings' }, { 'disable-stream-access-log': 'true' }),
  ]))
  const flags = [`--manifests=${folder}`, '--tcp-services-configmap=default/tcp', '--configmap=default/settings', '--workers=1', '--http-port=0', '--https-port=0', '--healthz-port=0', '--bind-address=127.0.0.1']
  return { name: 'lintel', port, child: startChild([...onProxyCore, process.execPath, join(import.meta.dir, '../../src/main.ts'), ...flags]) }
}

/** µs of CPU for each answer. */
const costOf = async ({ name, port, child }: Peer, folder: string): Promise<number> => {
  const before = cpuUs(child.pid)
  const { requests, trouble } = await load.run({ port, secure: false, seconds: SECONDS, folder })
  if (trouble !== undefined) throw new Error(`${name}: ${trouble}`)
  return (cpuUs(child.pid) - before) / requests
}

const median = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN

const main = async (rounds: number): Promise<number> => {
  needTools(['taskset', 'wrk', 'haproxy'])
  const folder = mkdtempSync(join(tmpdir(), 'lintel-bench-'))
  const origin = startChild([...onLoadCore, process.execPath, `${import.meta.dir}/origin-process.ts`, 'mebibyte'])
  const originPort = Number(await origin.firstLine())
  const [haproxy, lintel] = [startHaproxy(folder, originPort), startLintel(folder, originPort)]
  try {
    for (const { name, port } of [haproxy, lintel]) await until(`${name} accepts`, () => accepts(port), 20_000)
    for (const peer of [haproxy, lintel]) await costOf(peer, folder)
    const ratios: number[] = []
    for (let round = 0; round < rounds; round++) {
      const [theirs, ours] = [await costOf(haproxy, folder), await costOf(lintel, folder)]
      ratios.push(ours / theirs)
      console.log(`haproxy ${theirs.toFixed(0)} µs, lintel ${ours.toFixed(0)} µs: ${(ours / theirs).toFixed(2)}`)
    }
    console.log(`tcp-1m: lintel / haproxy ${median(ratios).toFixed(2)}, at most ${BAR}`)
    return median(ratios) > BAR ? 1 : 0
  } finally {
    await Promise.all([haproxy.child.stop(), lintel.child.stop(), origin.stop()])
    rmSync(folder, { recursive: true, force: true })
  }
}

process.exit(await main(Number(process.argv[2] ?? ROUNDS)))
