// What h2spec is run against: the codec alone, and the whole program in front of an origin that reads each body before it answers; both in clear
// and over TLS.
import { app } from '../../features/scene.ts'
import { pair, WITH_PAIR } from '../../features/http2-session.ts'
import { type Served, startServer } from './socket.ts'
import { certificate } from '../../support/certificate.ts'
import { backend, ingress } from '../../support/manifests.ts'
import { start } from '../../support/program.ts'

export type Target = { readonly port: number; readonly tls: boolean; stop(): unknown }

const BODY = 'Hello'

const codec = async (tls: boolean): Promise<Target> => {
  const complete = (served: Served) => { served.answer(200, [['content-type', 'text/plain']], { body: Buffer.from(BODY) }) }
  const { port, close } = await startServer({ complete }, tls ? await certificate({ names: ['localhost'] }) : undefined)
  return { port, tls, stop: close }
}

const proxy = async (tls: boolean): Promise<Target> => {
  const origin = Bun.serve({
    port: 0, hostname: '127.0.0.1',
    fetch: async (request) => {
      await request.bytes()
      return new Response(BODY)
    },
  })
  // h2spec's authority is the address: it has no host of its own.
  const everything = ingress({ metadata: { name: 'everything' }, defaultBackend: backend('app') })
  const program = await start({ flags: [WITH_PAIR], manifests: [...app('app', { port: origin.port ?? 0 }), everything, await pair()] })
  return {
    port: tls ? program.https : program.http,
    tls,
    stop: async () => {
      await program.stop()
      await origin.stop(true)
    },
  }
}

/** By name. */
export const targets: Readonly<Record<string, () => Promise<Target>>> = {
  'codec-clear': () => codec(false),
  'codec-tls': () => codec(true),
  'proxy-clear': () => proxy(false),
  'proxy-tls': () => proxy(true),
}
