// The admin port: the Hono app on Bun's own server, which stays out of the data path.
import type { Server } from 'bun'
import { type AdminSource, adminApp } from '../admin/app.ts'
import { addTestHooks } from '../admin/test-hooks.ts'
import { FlagError, type Flags } from '../settings.ts'

/** crash: undefined without LINTEL_TEST_HOOKS=1. Throws FlagError where the port can't be had. */
export function serveAdmin(flags: Flags, source: AdminSource, crash: ((thread: string) => boolean) | undefined): Server<undefined> {
  const app = adminApp(source, { healthCheckPath: flags.healthCheckPath })
  if (crash !== undefined) addTestHooks(app, crash)
  const hostname = flags.healthzHost === '' ? flags.bindAddress : flags.healthzHost
  try {
    return Bun.serve({ hostname, port: flags.healthzPort, fetch: app.fetch })
  } catch (error) {
    const { healthzPort } = flags
    throw new FlagError(`--healthz-port=${healthzPort}: can't listen on ${hostname} (${reason(error)}): choose another port or address`)
  }
}

/** Bun's message names no reason where the code does. */
function reason(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
