// Keeps the status of our Ingresses right while this replica leads: each is written when it differs, and cleared when it was ours and the
// Ingress no longer is. Nothing is written of which it is not known what it should be. Knows neither where addresses come from nor tables.
import { ApiError } from './api-error.ts'
import { FIELD_MANAGER, type IngressStatus, NO_STATUS, statusPatch } from './ingress-status.ts'
import { Rest } from './retry.ts'
import type { Api } from './transport.ts'

/** Writes at a time: 5,000 Ingresses get their first status in seconds, and the API server does not notice. */
const AT_ONCE = 8
/** Before the same is written to the same Ingress again: whoever else writes there, we do not fight. */
const REPEAT_MS = 10_000

export type StatusWriterOptions = { readonly written: () => void; readonly failed: (key: string, error: unknown) => void }

export class StatusWriter {
  readonly #api: Api
  readonly #options: StatusWriterOptions
  readonly #statuses = new Map<string, IngressStatus>()
  readonly #written = new Map<string, { readonly addresses: string; readonly atMs: number }>()
  readonly #queue = new Set<string>()
  /** null: not known, so that nothing is cleared for want of knowing. */
  #ours: { has(key: string): boolean } | null = null
  /** As addressText gives them; null: not known. */
  #addresses: string | null = null
  #leads = false
  #writing = 0
  #timer: Timer | undefined
  readonly #rest = new Rest()

  constructor(api: Api, options: StatusWriterOptions) {
    this.#api = api
    this.#options = options
  }

  /** raw null: the Ingress is gone. */
  seen(key: string, status: IngressStatus | null): void {
    if (status === null) this.#forget(key)
    else this.#statuses.set(key, status)
    this.#consider(key)
  }
  /** ours: a live view. changed: keys of all that may have come or gone; undefined: any may. */
  serves(ours: { has(key: string): boolean }, changed?: ReadonlySet<string>): void {
    this.#ours = ours
    if (changed === undefined) this.#considerAll()
    else for (const key of changed) this.#consider(key)
  }
  lead(leads: boolean): void {
    this.#leads = leads
    this.#considerAll()
  }
  publish(addresses: string): void {
    if (this.#addresses === addresses) return
    this.#addresses = addresses
    this.#considerAll()
  }
  close(): void {
    this.#leads = false
    this.#rest.cancel()
    clearTimeout(this.#timer)
  }

  #forget(key: string): void {
    this.#statuses.delete(key)
    this.#written.delete(key)
  }

  #considerAll(): void {
    if (this.#isIdle) return
    for (const key of this.#statuses.keys()) this.#consider(key)
  }
  get #isIdle(): boolean {
    return !this.#leads || this.#addresses === null || this.#ours === null
  }

  #consider(key: string): void {
    if (this.#isIdle || this.#wanted(key) === null) return
    this.#queue.add(key)
    this.#next()
  }

  /** What is to be written; null: nothing. */
  #wanted(key: string): string | null {
    const { addresses, isOurs } = this.#statuses.get(key) ?? NO_STATUS
    if (this.#ours?.has(key)) return addresses === this.#addresses || this.#addresses === '' ? null : this.#addresses
    return isOurs && addresses !== '' ? '' : null
  }

  #next(): void {
    for (const key of this.#queue) {
      if (this.#writing === AT_ONCE || this.#rest.isOn) return
      this.#queue.delete(key)
      const addresses = this.#isIdle || !this.#statuses.has(key) ? null : this.#wanted(key)
      if (addresses === null) continue
      if (this.#isRepeated(key, addresses)) this.#later()
      else void this.#write(key, addresses)
    }
  }

  #isRepeated(key: string, addresses: string): boolean {
    const last = this.#written.get(key)
    return last?.addresses === addresses && performance.now() - last.atMs < REPEAT_MS
  }
  #later(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#considerAll()
    }, REPEAT_MS)
  }

  async #write(key: string, addresses: string): Promise<void> {
    this.#writing++
    this.#written.set(key, { addresses, atMs: performance.now() })
    const [namespace = '', name = ''] = key.split('/')
    try {
      await this.#api.request(`/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses/${name}/status`, {
        method: 'PATCH', contentType: 'application/apply-patch+yaml', query: { fieldManager: FIELD_MANAGER, force: true }, body: statusPatch(key, addresses),
      })
      this.#rest.succeeded()
      this.#options.written()
    } catch (error) {
      this.#failed(key, error)
    } finally {
      this.#writing--
      this.#next()
    }
  }

  #failed(key: string, error: unknown): void {
    if (!(error instanceof ApiError && error.code === 404)) this.#options.failed(key, error)
    this.#rest.after(error, () => this.#next())
    if (!this.#rest.isOn) return this.#later()
    this.#written.delete(key)
    this.#queue.add(key)
  }
}
