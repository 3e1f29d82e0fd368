// What a cell measures proxies in front of: an origin on the load's core, and the files that proxies, origin and load share.
// Knows no proxy.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { certificate, type TestCertificate } from '../support/certificate.ts'
import { accepts, freePort } from '../support/ports.ts'
import { until } from '../support/until.ts'
import { startChild } from './child.ts'
import { onLoadCore } from './loads/load.ts'
import { host, type OriginKind } from './site.ts'
import { toolPath } from './tools.ts'

export type Setup = {
  readonly originPort: number
  readonly pair: TestCertificate
  /** Holds cert.pem, key.pem, pair.pem (both) and the message at GRPC_PATH; ends with the setup. */
  readonly folder: string
  stop(): Promise<void>
}

export const GRPC_PATH = 'bench.Echo/Say'
/** One uncompressed message of 55 octets: its framing is a flag and four octets of length. */
const MESSAGE = Buffer.concat([Buffer.from([0, 0, 0, 0, 55]), Buffer.alloc(55, 'lintel ')])

export const setUp = async (origin: OriginKind): Promise<Setup> => {
  const folder = mkdtempSync(join(tmpdir(), 'lintel-bench-'))
  const pair = await certificate({ names: [host] })
  const files = { 'cert.pem': pair.cert, 'key.pem': pair.key, 'pair.pem': pair.cert + pair.key, [GRPC_PATH]: MESSAGE }
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  const { port, stop } = await (origin === 'grpc' ? startGrpcOrigin(folder) : startOrigin(origin))
  return {
    originPort: port, pair, folder,
    async stop() {
      await stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

type Origin = { readonly port: number; stop(): Promise<void> }

const startOrigin = async (kind: OriginKind): Promise<Origin> => {
  const child = startChild([...onLoadCore, process.execPath, `${import.meta.dir}/origin-process.ts`, kind])
  return { port: Number(await child.firstLine()), stop: child.stop }
}

/** nghttpd: in C and by others, so that neither our codec's speed nor its mistakes are in the numbers. */
const startGrpcOrigin = async (folder: string): Promise<Origin> => {
  const port = freePort()
  const { stop } = startChild([...onLoadCore, toolPath('nghttpd'), '--no-tls', '-n1', '-d', folder, '--trailer=grpc-status: 0', '-a', '127.0.0.1', `${port}`])
  await until('nghttpd accepts connections', () => accepts(port))
  return { port, stop }
}
