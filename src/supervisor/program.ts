// The running program: joins threads, admin port, logs and signals, and decides when it is ready and how it ends.
import { adminApp, type AdminSource } from '../admin/app.ts'
import { addTestHooks, staysUnready } from '../admin/test-hooks.ts'
import type { Issue } from '../model.ts'
import { defaultSettings, FlagError, type Flags, PortHeldError } from '../settings.ts'
import { exitCodes } from '../settings/exit-codes.ts'
import { LogOutput } from '../telemetry/log-writer.ts'
import { AdminPort, bracketed } from './admin-server.ts'
import { availableThreads } from './cpu-quota.ts'
import { fakeCertificate } from './fake-certificate.ts'
import { Measures } from './measures.ts'
import { PortClaim } from './port-claim.ts'
import { choosePorts } from './ports.ts'
import { ProgramLog } from './program-log.ts'
import { onSignals } from './shutdown.ts'
import { type Built, Threads, type ThreadsEvents, type ThreadsOptions } from './threads.ts'

export type ProgramOptions = {
  readonly flags: Flags
  /** Lines to say at the start. */
  readonly warnings: readonly string[]
  readonly version: string
  readonly scripts: ThreadsOptions['scripts'] & { readonly certificate: URL }
  readonly environment: Readonly<Record<string, string | undefined>>
}

type RunningOptions = ProgramOptions & { readonly log: ProgramLog; readonly releasePorts: () => Promise<void> }

/** Starts the program and returns; from then on it lives until a signal or a fatal fault ends the process. */
export async function startProgram(options: ProgramOptions): Promise<void> {
  const log = new ProgramLog(new LogOutput(process.stderr))
  options.warnings.forEach((warning) => log.line(warning))
  try {
    const { flags, release } = await choosePorts(options.flags)
    await new Program({ ...options, flags, log, releasePorts: release }).start()
  } catch (error) {
    if (!(error instanceof FlagError)) throw error
    log.line(error.message)
    await log.end()
    process.exit(codeFor(error))
  }
}

class Program {
  readonly #options: RunningOptions
  readonly #accessLog = new LogOutput(process.stdout)
  readonly #measures: Measures
  readonly #threads: Threads
  readonly #claim: PortClaim
  readonly #admin: AdminPort
  #built: Built = { routes: 0, issues: 0, run: { workers: null, shutdownTimeoutMs: defaultSettings['worker-shutdown-timeout'] * 1000 } }
  #failed = false
  #phase: 'starting' | 'ready' | 'stopping' = 'starting'

  constructor(options: RunningOptions) {
    const { flags, scripts } = options
    this.#options = options
    this.#measures = new Measures(options)
    this.#threads = new Threads({ flags, scripts, events: this.#events() })
    const { proxies } = this.#threads
    this.#claim = new PortClaim({ admit: () => proxies.admit(), claim: (takeOver) => proxies.claim(takeOver), note: (line) => options.log.line(line) })
    this.#admin = new AdminPort(flags, this.#adminApp())
  }

  async start(): Promise<void> {
    const { flags } = this.#options
    this.#admin.open()
    onSignals(process, {
      begin: (signal) => this.#stopping(signal),
      drain: () => this.#threads.drain(this.#built.run.shutdownTimeoutMs),
      exit: (code) => void this.#exit(code),
      graceMs: flags.shutdownGracePeriod * 1000,
      afterMs: flags.postShutdownGracePeriod * 1000,
    })
    await this.#threads.start(this.#wantedWorkers(), fakeCertificate(this.#options.scripts.certificate))
  }

  /** The flag, else the ConfigMap, else what the machine gives us. */
  #wantedWorkers(): number {
    const { flags } = this.#options
    return flags.workers > 0 ? flags.workers : this.#built.run.workers ?? availableThreads()
  }

  #events(): ThreadsEvents {
    const { log } = this.#options
    return {
      progress: () => void this.#progress(),
      built: (built) => this.#rebuilt(built),
      issues: (fresh) => fresh.forEach((issue) => log.line(issueLine(issue))),
      note: (line) => log.line(line),
      log: (lines) => this.#accessLog.write(lines),
      counters: (worker, json) => this.#measures.totals.add(worker, json),
      gone: (worker) => this.#measures.totals.forget(worker),
      died: (thread, line) => {
        this.#measures.restarted(thread)
        log.line(line)
      },
      fatal: (message, held = false) => this.#fail(message, held ? exitCodes.portHeld : exitCodes.usage),
    }
  }

  #adminApp() {
    const { flags, environment } = this.#options
    const app = adminApp(this.#adminSource(), { healthCheckPath: flags.healthCheckPath })
    if (environment['LINTEL_TEST_HOOKS'] === '1') addTestHooks(app, (thread) => this.#threads.crash(thread))
    return app
  }

  #adminSource(): AdminSource {
    return {
      running: () => this.#phase !== 'stopping',
      missing: () => this.#missing(),
      ask: (what) => this.#threads.ask(what),
      metrics: async () => {
        await this.#threads.proxies.collect()
        const { issues } = this.#built
        return this.#measures.text({ issues, logLinesDropped: this.#accessLog.dropped, tableVersions: this.#threads.readiness.versions })
      },
    }
  }
  #missing(): string[] {
    const missing = this.#threads.readiness.missing()
    return this.#phase === 'starting' && missing.length === 0 ? ['the ports are being opened'] : missing
  }

  async #progress(): Promise<void> {
    if (this.#phase !== 'starting' || this.#threads.readiness.missing().length > 0 || staysUnready(this.#options.environment)) return
    await this.#options.releasePorts()
    // While the ports were released another message, or a signal, may have come.
    if (this.#phase !== 'starting') return
    this.#phase = 'ready'
    await this.#takePorts()
  }

  /** From whoever had them. */
  async #takePorts(): Promise<void> {
    try {
      this.#admin.join()
      await this.#claim.take()
      this.#options.log.line(this.#readyLine())
    } catch (error) {
      if (!(error instanceof FlagError)) throw error
      this.#fail(error.message, codeFor(error))
    }
  }

  #readyLine(): string {
    const { httpPort, httpsPort, bindAddress } = this.#options.flags
    const host = bracketed(bindAddress)
    const { routes, issues } = this.#built
    const addresses = `http=${host}:${httpPort} https=${host}:${httpsPort} admin=${this.#admin.address}`
    return `ready ${addresses} workers=${this.#threads.proxies.size} routes=${routes} issues=${issues}`
  }

  #rebuilt(built: Built): void {
    this.#built = built
    if (this.#phase !== 'stopping') this.#threads.proxies.scale(this.#wantedWorkers(), built.run.shutdownTimeoutMs)
  }

  #stopping(signal: string): void {
    this.#phase = 'stopping'
    this.#claim.end()
    this.#admin.leave()
    const seconds = this.#built.run.shutdownTimeoutMs / 1000
    this.#options.log.line(`stopping on ${signal}: requests have ${seconds} s to finish, a second signal ends them`)
  }

  /** All workers may meet the same fault: one of them is enough. */
  #fail(message: string, code: number): void {
    if (this.#failed) return
    this.#failed = true
    this.#options.log.line(message)
    void this.#exit(code)
  }

  /** process.exit loses output that is not written yet (bun.md §8). */
  async #exit(code: number): Promise<void> {
    await Promise.all([this.#accessLog.end(), this.#options.log.end()])
    process.exit(code)
  }
}

const codeFor = (error: FlagError): number => error instanceof PortHeldError ? exitCodes.portHeld : exitCodes.usage

function issueLine({ object, field, reason }: Issue): string {
  return `issue ${object}${field === '' ? '' : ` ${field}`}: ${reason}`
}
