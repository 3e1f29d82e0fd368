// One end of a TCP session: a socket whose octets go to the other end. Knows nothing of which end it is.
import type { Socket } from 'node:net'
import { Wire, type WireOptions } from '../http/wire.ts'

/** Hears what becomes of its ends. */
export interface EndOwner {
  readonly idleMs: number
  received(end: End, bytes: Buffer): void
  /** Its peer sends no more. */
  ended(end: End): void
  drained(end: End): void
  /** A blocked write made no progress for idleMs. */
  stalled(end: End): void
  /** It is gone, and not by us; `shut` came before. */
  lost(end: End): void
  /** It is gone, whoever closed it. */
  shut(end: End): void
}

export class End extends Wire {
  readonly #owner: EndOwner

  constructor(socket: Socket, owner: EndOwner, options: WireOptions) {
    super(options)
    this.#owner = owner
    this.attach(socket)
  }

  protected override get sendMs() { return this.#owner.idleMs }

  /** The socket is connected. isPaused: somebody has paused it before. */
  stand(isPaused = false) {
    this.connected()
    if (!isPaused) return
    this.paused = true
  }

  protected override received(bytes: Buffer) { this.#owner.received(this, bytes) }
  protected override ended() { this.#owner.ended(this) }
  protected override drained() { this.#owner.drained(this) }
  protected override lost() { this.#owner.lost(this) }
  protected override shut() { this.#owner.shut(this) }
  override expired() { this.#owner.stalled(this) }
}
