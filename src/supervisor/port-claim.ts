// Who gets new connections while two processes listen on the same ports, the old one and its successor. Knows the worker's answer, not how it is done.
import type { Share } from '../channel.ts'

/** Between two looks at whether the other process has gone. Until then a third one that starts may be given connections before it is ready. */
const LOOK_EVERY_MS = 1000

export type PortClaimOptions = {
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
    const share = await this.#options.claim(true).catch((): Share => 'refused')
    if (share !== 'alone') this.#options.note(LINES[share])
    if (this.#ended) return
    this.#timer = setInterval(() => void this.#options.claim(false).catch(() => { /* a worker restarts: next time */ }), LOOK_EVERY_MS)
  }

  /** What comes now is for others to decide. */
  end(): void {
    this.#ended = true
    clearInterval(this.#timer)
  }
}

const LINES = {
  shared: 'another process listens on the same ports: new connections come here from now on, it can be ended',
  refused: 'another process listens on the same ports, and this kernel does not steer connections (SO_ATTACH_REUSEPORT_CBPF): both get them, and ending one may reset some',
} as const
