// Every message between the threads. Data goes down, "at version n" and counters go up. Knows no thread API.
// Between watcher and proxy worker all messages are JSON strings: a string is shared, an object is cloned (bun.md §5.1).
import type { Certificate, Endpoint, Issue, Update } from './model.ts'
import type { Flags } from './settings.ts'

/** What active checks found, all of it: endpoints that are not well by key in Table.backends. */
export type Unwell = readonly (readonly [backend: string, endpoints: readonly Endpoint[]])[]

/** watcher → proxy worker. `unwell` replaces what the last one said. A snapshot is its chunks in order, the next one sent on `ack`; the table changes when `last` arrived. */
export type ToProxy =
  | { readonly type: 'chunk'; readonly last: boolean; readonly update: Update }
  | { readonly type: 'delta'; readonly update: Update }
  | { readonly type: 'unwell'; readonly endpoints: Unwell }

/** proxy worker → watcher. `snapshot`: send one, mine is missing or not the base of what came. `unopened`: ports of services that it can't open, by key in Table.streams, and why; all of them. */
export type FromProxy =
  | { readonly type: 'snapshot' }
  | { readonly type: 'ack' }
  | { readonly type: 'at'; readonly version: number }
  | { readonly type: 'unopened'; readonly ports: readonly (readonly [stream: string, reason: string])[] }

/** main → watcher. `retire`: the program is about to end, speak for the cluster no longer; an empty `answer` says when. `proxy` comes with one end of a MessageChannel as its only transferred port. */
export type ToWatcher =
  | { readonly type: 'start'; readonly flags: Flags; readonly fakeCertificate: Certificate }
  | { readonly type: 'proxy'; readonly id: number; readonly port: MessagePort }
  | { readonly type: 'gone'; readonly id: number }
  | { readonly type: 'ask'; readonly ask: number; readonly what: 'table' | 'issues' }
  | { readonly type: 'retire'; readonly ask: number }

/** What of the ConfigMap concerns main. workers: `worker-processes`, null for `auto`. */
export type RunSettings = { readonly shutdownTimeoutMs: number; readonly workers: number | null }

/**
 * watcher → main. `built` comes before `synced`. `answer.json` is the body of /table (never keys) or /issues.
 * `fatal`: the program can't start or go on; the message names the flag and the remedy.
 */
export type FromWatcher =
  | { readonly type: 'synced'; readonly version: number }
  | { readonly type: 'built'; readonly version: number; readonly routes: number; readonly issues: number; readonly run: RunSettings }
  | { readonly type: 'changed'; readonly line: string }
  | { readonly type: 'issues'; readonly fresh: readonly Issue[] }
  | { readonly type: 'answer'; readonly ask: number; readonly json: string }
  | { readonly type: 'fatal'; readonly message: string }

/**
 * main → proxy worker. `start` comes with the other end of that MessageChannel; its flags name real ports and workers, never 0. `watcher`: the
 * watcher was restarted and this is the way to the new one: keep serving, ask it for a snapshot. `clients`: what all workers count their clients in, this
 * one's among them (machine/client-counts.ts). `held`: its ports turn clients away, for others that listen, until `admit`: the program is ready. `claim`: the program has `own`
 * listeners on each port; with `takeOver` new connections shall come to them, whoever else listens. `drain`: `leaving` of them close, this
 * worker's among them, and `staying` do not; answer `drained` when idle or out of time, the log flushed. `crash`: a test hook, throw.
 */
export type ToWorker =
  | { readonly type: 'start'; readonly id: number; readonly flags: Flags; readonly held: boolean; readonly watcher: MessagePort; readonly clients: { readonly seed: bigint; readonly own: SharedArrayBuffer } }
  | { readonly type: 'watcher'; readonly watcher: MessagePort }
  | { readonly type: 'clients'; readonly parts: readonly SharedArrayBuffer[] }
  | { readonly type: 'claim'; readonly ask: number; readonly own: number; readonly takeOver: boolean }
  | { readonly type: 'drain'; readonly timeoutMs: number; readonly leaving: number; readonly staying: number }
  | { readonly type: 'admit'; readonly ask: number | null }
  | { readonly type: 'collect'; readonly ask: number }
  | { readonly type: 'pools' | 'endpoints'; readonly ask: number }
  | { readonly type: 'crash' }

/** Whether other processes listen on our ports; refused: they do, and the kernel does not let us choose who gets new connections. */
export type Share = 'alone' | 'shared' | 'refused'

/** proxy worker → main. `fatal`: the program can't start; held: because another program has a port. `counters` holds what was counted since the last one (see telemetry/counters.ts), `rows` its pools or endpoints (telemetry/pool-rows.ts, endpoint-rows.ts). */
export type FromWorker =
  | { readonly type: 'at'; readonly version: number }
  | { readonly type: 'listening' }
  | { readonly type: 'counters'; readonly ask: number | null; readonly counters: string }
  | { readonly type: 'pools' | 'endpoints'; readonly ask: number; readonly rows: string }
  | { readonly type: 'log'; readonly lines: string }
  | { readonly type: 'note'; readonly line: string }
  | { readonly type: 'admitted'; readonly ask: number | null }
  | { readonly type: 'claimed'; readonly ask: number; readonly share: Share }
  | { readonly type: 'drained' }
  | { readonly type: 'fatal'; readonly message: string; readonly held: boolean }
