// The real program with one host in clear and TLS, in front of an origin of its own process. Knows nothing of what is measured.
import { join } from 'node:path'
import { z } from 'zod'
import { startChild } from '../bench/child.ts'
import { certificate } from '../support/certificate.ts'
import { backend, configMap, ingress, service, tlsSecret } from '../support/manifests.ts'
import { type Program, start, type StartOptions } from '../support/program.ts'
import { HOST } from './host.ts'

const NAME = 'memory'
/** Nothing is closed or refused for its age or size while it is measured; the access log would be a stream of its own. */
const SETTINGS = {
  'disable-access-log': 'true', 'ssl-redirect': 'false', 'proxy-body-size': '0', 'keep-alive': '3600', 'keep-alive-requests': '100000000', 'upstream-keepalive-requests': '100000000',
}

export type Site = {
  readonly program: Program
  /** Octets of endless answers that the origin was rid of, and of bodies that it has read. */
  counts(): Promise<z.output<typeof counts>>
  stop(): Promise<void>
}

const counts = z.object({ sent: z.number(), taken: z.number() })

const ownFile = (name: string) => join(import.meta.dir, name)

/** `measured`: another form of the program, to look into it. */
export const startSite = async (measured: Pick<StartOptions, 'command' | 'env'> = {}): Promise<Site> => {
  const origin = startChild([process.execPath, ownFile('origin-process.ts')])
  const originPort = Number(await origin.firstLine())
  const pair = await certificate({ names: [HOST] })
  const program = await start({
    ...measured,
    manifests: [
      ingress({ metadata: { name: NAME }, tls: [{ hosts: [HOST], secretName: NAME }], rules: [{ host: HOST, paths: [{ backend: backend(NAME) }] }] }),
      ...service({ metadata: { name: NAME }, ports: [{ name: 'http', port: 80 }], endpoints: [originPort] }),
      tlsSecret({ name: NAME }, pair),
      configMap({ name: NAME }, SETTINGS),
    ],
    flags: [`--configmap=default/${NAME}`],
  })
  return {
    program,
    counts: async () => counts.parse(await (await fetch(`http://127.0.0.1:${originPort}/counts`)).json()),
    async stop() {
      await program.stop()
      await origin.stop()
    },
  }
}

/** Runs with a site of its own, which then ends. */
export const withSite = async <T>(run: (site: Site) => Promise<T>): Promise<T> => {
  const site = await startSite()
  try {
    return await run(site)
  } finally {
    await site.stop()
  }
}

/** Clients of `crowd-process.ts`; resolves when each has had its answer. */
export const crowd = async ({ program }: Site, kind: string, count: number): Promise<{ leave(): Promise<void> }> => {
  const port = kind.endsWith('-tls') ? program.https : program.http
  const child = startChild([process.execPath, ownFile('crowd-process.ts'), kind, `${port}`, `${count}`])
  const line = await child.firstLine()
  if (line !== 'open') throw new Error(`${count} clients of ${kind}: ${line}`)
  return { leave: child.stop }
}
