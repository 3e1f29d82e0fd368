// What an attack is. Each has a file of its own under http2/, http1/ and tls/; it runs in a process of its own (attacker.ts) and knows
// addresses, nothing else of the program.
import type { Line, LineOptions } from './line.ts'

export type Transport = 'tls' | 'clear'

/** What an attack may use. */
export interface Attacker {
  readonly transport: Transport
  /** The time is up: an attack that is not cut by then leaves by itself. */
  readonly over: boolean
  /** A connection; HTTP/2 has sent its preface and these settings. Rejects when none comes to stand. */
  http2(settings?: readonly [key: number, value: number][], options?: LineOptions): Promise<Line>
  http1(options?: LineOptions): Promise<Line>
  /** TCP to the TLS port, without a handshake. */
  tcp(options?: LineOptions): Promise<Line>
  /** For other people's programs. */
  readonly tlsPort: number
  /** Waits until all lines have been cut, or the time is up. */
  hold(): Promise<void>
  /** A step of a slow attack. */
  pause(ms: number): Promise<void>
}

export type Attack = {
  readonly name: string
  /** The label of lintel_own_answers_total under which it is cut, and what stands in the access log. */
  readonly reason?: string
  /** The label of lintel_tls_handshakes_failed_total, where no request came of it. */
  readonly handshake?: string
  /** Why it need not be cut: what it may go on doing costs no more than any client may. */
  readonly inert?: string
  /** MiB that the program may hold because of it, where it is more than a flood's. */
  readonly heldMiB?: number
  /** The deadline of the program that cuts it, where it is one. */
  readonly seconds?: number
  /** TLS where it is not said. */
  readonly transport?: Transport
  /** One round: until it is cut or over. */
  run(attacker: Attacker): Promise<void>
}

/** Even an attack of no time waits for deadlines as short as this. */
const SHORT_SECONDS = 2
/** Whether an attack of so many seconds sees the deadline that cuts it. */
export const seesItsEnd = ({ seconds = 0 }: Attack, attackSeconds: number): boolean => seconds <= Math.max(SHORT_SECONDS, attackSeconds)

/** How often the attack's reason was counted, and stands in the access log. */
export type Told = { readonly counted: number; readonly logged: number }
/** Whether the program has said of an attack what it should. */
export const isTold = ({ reason, handshake }: Attack, { counted, logged }: Told): boolean =>
  (counted > 0 || (reason === undefined && handshake === undefined)) && (logged > 0 || reason === undefined)
