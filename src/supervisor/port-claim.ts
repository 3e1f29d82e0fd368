// Who gets new connections while two processes listen on the same ports, the old one and its successor. Knows the worker's answer, not how it is done.
import type { Share } from '../channel.ts'

/** Between two looks at who listens: a worker that was restarted has another number. */
const LOOK_EVERY_MS = 1000
/** The same while another process listens. From its end until the look after it, clients that are steered to a third one, which is not ready yet, wait a second. */
const LOOK_WHILE_SHARED_MS = 100

export type PortClaimOptions = {
  /** All listeners of this program take what comes to them: until then they turn it away, so that nothing is lost if it ends before it is ready. */
  admit(): Promise<void>
  claim(takeOver: boolean): Promise<Share>
  /** One line for people. */
  note(line: string): void
}

export class PortClaim {
  readonly #options: PortClaimOptions
  #timer: Timer | undefined
  #ended = false

  constructor(options: PortClaimOptions) {
    this.#options = options
  }

  /** This program is ready: new connections come to it. From then on, whenever it is alone, those that join later get none until they ask. */
  async take(): Promise<void> {
    await this.#options.admit()
    const share = await this.#options.claim(true).catch((): Share => 'refused')
    if (share !== 'alone') this.#options.note(LINES[share])
    this.#lookLater(share)
  }

  #lookLater(share: Share): void {
    if (!this.#ended) this.#timer = setTimeout(() => void this.#look(), share === 'alone' ? LOOK_EVERY_MS : LOOK_WHILE_SHARED_MS)
  }
  async #look(): Promise<void> {
    // Silent: a worker restarts.
    this.#lookLater(await this.#options.claim(false).catch((): Share => 'alone'))
  }

  /** What comes now is for others to decide. */
  end(): void {
    this.#ended = true
    clearTimeout(this.#timer)
  }
}

const LINES = {
  shared: 'another process listens on the same ports: new connections come here from now on, it can be ended',
  refused: 'another process listens on the same ports, and this kernel does not steer connections (SO_ATTACH_REUSEPORT_CBPF): both get them, and ending one may reset some',
} as const
