// What the ports of both protocols have in common.
import type { Stream } from '../model.ts'

export interface StreamPort {
  /** What of it may change while it is open: everything but protocol and port. */
  stream: Stream
  /** Rejects with the system's error. */
  open(host: string): Promise<void>
  /** No new sessions; those that there are live on. */
  close(): void
  /** null: not to be had. */
  readonly fd: number | null
}
