// The program that is attacked, with short deadlines, and its origin. Knows how the program is configured, no attack.
import { certificate } from '../support/certificate.ts'
import { configMap, tlsSecret } from '../support/manifests.ts'
import { type Program, start } from '../support/program.ts'
import { app, CONFIGURED, route } from '../features/scene.ts'

/** Deadlines of the program for a head (a handshake too) and for a body. The one for reading an answer is fixed at 60. */
export const HEAD_SECONDS = 1
export const BODY_SECONDS = 1
/** Answered by LARGE_BYTES; all other paths by a word, once the request's body has come. */
export const LARGE_PATH = '/large'
const LARGE_BYTES = 1_048_576
const large = Buffer.alloc(LARGE_BYTES, 'x')

/** Status and reason of each line of the access log. */
const LOG_FORMAT = 'log $status $lintel_reason'
/** Lines of the access log with this reason. */
export const logged = ({ stdout }: Program, reason: string): number => stdout.filter((line) => line.startsWith('log ') && line.endsWith(` ${reason}`)).length

/** `origin`: its port. */
export type Scene = { readonly program: Program; readonly origin: number; stop(): Promise<number | null> }

export async function scene(): Promise<Scene> {
  const origin = Bun.serve({
    port: 0, hostname: '127.0.0.1', idleTimeout: 0,
    fetch: async (request) => {
      await request.bytes()
      return new Response(new URL(request.url).pathname === LARGE_PATH ? large : 'here')
    },
  })
  const settings = { 'client-header-timeout': String(HEAD_SECONDS), 'client-body-timeout': String(BODY_SECONDS), 'log-format-upstream': LOG_FORMAT }
  const program = await start({
    flags: [CONFIGURED, '--default-ssl-certificate=default/pair'],
    manifests: [
      ...app('app', { port: origin.port ?? 0 }), route({ to: 'app' }), configMap({ name: 'settings' }, settings),
      tlsSecret({ name: 'pair' }, await certificate({ names: ['app.example'] })),
    ],
  })
  return {
    program,
    origin: origin.port ?? 0,
    stop: async () => {
      const code = await program.stop()
      await origin.stop(true)
      return code
    },
  }
}
