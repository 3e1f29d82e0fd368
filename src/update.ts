// How one table becomes the next: the difference as data, and its application, pure or in place. Knows nothing of how tables
// are built or sent. Entries are compared by identity: a builder keeps what did not change.
import type { Authority, Backend, Certificate, Global, Host, Stream, Table, Update } from './model.ts'
import { defaultSettings } from './settings.ts'

type Entries<T> = ReadonlyMap<string, T>
type Changes<T> = readonly (readonly [string, T | null])[]

/** What every table starts from: version 0, nothing served. */
export const emptyTable: Table = {
  version: 0,
  global: { settings: defaultSettings, fallback: null, requestFields: [], responseFields: [] },
  hosts: new Map(),
  backends: new Map(),
  certificates: new Map(),
  authorities: new Map(),
  streams: new Map(),
}

/** From version 0 it is a snapshot: `base` null, `global` always there. `at`: see Update. */
export const diff = (from: Table, to: Table, at: number): Update => step(from, to, { at })

/** The same from one table to the very next, of which it is known what may have changed: it costs the change. */
export function step(from: Table, to: Table, { at, changed }: { readonly at: number; readonly changed?: { readonly hosts: ReadonlySet<string>; readonly backends: ReadonlySet<string> } }): Update {
  const isSnapshot = from.version === 0
  return {
    base: isSnapshot ? null : from.version,
    version: to.version,
    at,
    ...((isSnapshot || from.global !== to.global) && { global: to.global }),
    hosts: changes(from.hosts, to.hosts, changed?.hosts),
    backends: changes(from.backends, to.backends, changed?.backends),
    certificates: changes(from.certificates, to.certificates),
    authorities: changes(from.authorities, to.authorities),
    streams: changes(from.streams, to.streams),
  }
}

/** A new table; the old one stays as it is. Throws where the update belongs to another version. */
export function apply(table: Table, update: Update): Table {
  const live = new LiveTable(table)
  if (!live.apply(update)) throw new Error(`the update is for version ${update.base}, the table is version ${table.version}`)
  const { version, global, hosts, backends, certificates, authorities, streams } = live
  return { version, global, hosts, backends, certificates, authorities, streams }
}

/** The table of a thread that serves: updated in place, so that a change costs the change and not ten thousand entries. */
export class LiveTable implements Table {
  readonly hosts: Map<string, Host>
  readonly backends: Map<string, Backend>
  readonly certificates: Map<string, Certificate>
  readonly authorities: Map<string, Authority>
  readonly streams: Map<string, Stream>
  #version: number
  #global: Global

  constructor(from: Table = emptyTable) {
    this.hosts = new Map(from.hosts)
    this.backends = new Map(from.backends)
    this.certificates = new Map(from.certificates)
    this.authorities = new Map(from.authorities)
    this.streams = new Map(from.streams)
    this.#version = from.version
    this.#global = from.global
  }

  get version(): number {
    return this.#version
  }

  get global(): Global {
    return this.#global
  }

  /** A snapshot replaces everything. false, and nothing done: the update is for another version, ask for a snapshot. */
  apply(update: Update): boolean {
    if (update.base === null) this.#clear()
    else if (update.base !== this.#version) return false
    this.#version = update.version
    this.#global = update.global ?? this.#global
    patch(this.hosts, update.hosts)
    patch(this.backends, update.backends)
    patch(this.certificates, update.certificates)
    patch(this.authorities, update.authorities)
    patch(this.streams, update.streams)
    return true
  }

  #clear(): void {
    for (const entries of [this.hosts, this.backends, this.certificates, this.authorities, this.streams]) entries.clear()
  }
}

/** among: keys of all that may differ; undefined: any may. */
function changes<T>(from: Entries<T>, to: Entries<T>, among?: ReadonlySet<string>): [string, T | null][] {
  if (from === to) return []
  const changed: [string, T | null][] = []
  for (const key of among ?? to.keys()) {
    const value = to.get(key)
    if (value !== undefined && from.get(key) !== value) changed.push([key, value])
  }
  for (const key of among ?? from.keys()) if (from.has(key) && !to.has(key)) changed.push([key, null])
  return changed
}

function patch<T>(entries: Map<string, T>, changed: Changes<T>): void {
  for (const [key, value] of changed) {
    if (value === null) entries.delete(key)
    else entries.set(key, value)
  }
}
