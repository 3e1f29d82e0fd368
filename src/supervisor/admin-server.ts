// Where the admin app is served: a TCP port and, where it is asked for, a Unix socket; by Bun's own server, which stays out of the data path.
import type { Server } from 'bun'
import { statSync, unlinkSync } from 'node:fs'
import type { Hono } from 'hono'
import { heldBy } from '../machine/port-holder.ts'
import { FlagError, type Flags, PortHeldError } from '../settings.ts'

export type AdminFlags = Pick<Flags, 'bindAddress' | 'healthzHost' | 'healthzPort' | 'healthzSocket'>

/**
 * A program that is upgraded in place shares its port with its successor. As long as the successor is not ready, its probes must not be answered by
 * the old one, nor the old one's by it. So the socket is its own from the start, and a port that somebody holds is joined when it is ready, and
 * left when it stops.
 */
export class AdminPort {
  readonly #flags: AdminFlags
  readonly #app: Hono
  /** null: somebody else has it, or it was left. */
  #port: Server<undefined> | null = null

  constructor(flags: AdminFlags, app: Hono) {
    this.#flags = flags
    this.#app = app
  }

  /** Throws FlagError where one of them can't be had; the port may be one to `join`. */
  open(): void {
    const { healthzSocket } = this.#flags
    if (healthzSocket === '') {
      this.#port = this.#listen(false)
      return
    }
    this.#listenOnSocket(healthzSocket)
    if (!this.#isHeld()) this.#port = this.#listen(true)
  }

  /** The program is ready. Throws FlagError where who holds the port does not share it. */
  join(): void {
    this.#port ??= this.#listen(true)
  }

  /** The program stops: whoever shares the port shall answer for itself. Who is alone goes on. */
  leave(): void {
    if (this.#flags.healthzSocket === '') return
    void this.#port?.stop()
  }

  /** HOST:PORT */
  get address(): string {
    const { hostname = this.#hostname, port = this.#flags.healthzPort } = this.#port ?? {}
    return `${bracketed(hostname)}:${port}`
  }

  get #hostname(): string {
    const { healthzHost, bindAddress } = this.#flags
    return healthzHost === '' ? bindAddress : healthzHost
  }

  #listen(reusePort: boolean): Server<undefined> {
    const { healthzPort: port } = this.#flags
    try {
      return Bun.serve({ hostname: this.#hostname, port, reusePort, fetch: this.#app.fetch })
    } catch (error) {
      if (reason(error) === 'EADDRINUSE') throw new PortHeldError(`--healthz-port=${port}: ${heldBy(port)}`)
      throw new FlagError(`--healthz-port=${port}: can't listen on ${this.#hostname} (${reason(error)}): choose another port or address`)
    }
  }

  /** Asked by listening alone for a moment: a port that can be shared can't be had alone while somebody listens. */
  #isHeld(): boolean {
    try {
      void Bun.serve({ hostname: this.#hostname, port: this.#flags.healthzPort, fetch: this.#app.fetch }).stop(true)
      return false
    } catch (error) {
      return reason(error) === 'EADDRINUSE'
    }
  }

  #listenOnSocket(path: string): void {
    try {
      // What a process that ended left behind. A file that is none is not ours.
      if (statSync(path, { throwIfNoEntry: false })?.isSocket() === true) unlinkSync(path)
      Bun.serve({ unix: path, fetch: this.#app.fetch })
    } catch (error) {
      throw new FlagError(`--healthz-socket=${path}: can't listen there (${reason(error)}): name a new file in a folder that can be written`)
    }
  }
}

export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

/** Bun's message names no reason where the code does. */
function reason(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
