// A folder of manifests as a source of objects: what differs is emitted within milliseconds of a write; what can't be read
// keeps its last good objects and is an issue. Knows nothing of tables.
import { accessSync, constants, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Issue } from '../model.ts'
import { Claims, type Held, type Shift } from './claims.ts'
import { FolderWatch } from './folder-watch.ts'
import { readText } from './folder.ts'
import { noteOf } from './notes.ts'
import type { Change, KubeObject, Source, SourceEvents } from './objects.ts'
import { parseManifest, type Documents, type Manifest } from './parse.ts'
import { StartError } from './start-error.ts'
import { keyOf } from './store.ts'

// Some writers truncate a file and take tens of milliseconds to fill it: its objects must not vanish for that time.
const emptyHoldMs = 100

/** folder: also a mounted ConfigMap. Sub-folders and links are followed. start rejects with a StartError if it can't be listed. */
export const manifests = (folder: string): Source => new Manifests(folder)

class Manifests implements Source {
  readonly #folder: string
  readonly #claims = new Claims()
  readonly #documents = new Map<string, Documents>()
  readonly #emptySince = new Map<string, number>()
  readonly #contested = new Set<string>()
  #watch: FolderWatch | undefined
  #isListed = false

  constructor(folder: string) {
    this.#folder = folder
  }

  // async, so that what is thrown becomes a rejection.
  async start(to: SourceEvents): Promise<void> {
    requireFolder(this.#folder)
    this.#watch = new FolderWatch(this.#folder, {
      changed: (files) => { this.#refresh(files, to) },
      readable: (problem) => { to.report(this.#folder, problem === null ? [] : [unreadableFolder(this.#folder, problem)]) },
    })
    this.#watch.start()
    if (!this.#isListed) to.emit([])
    this.#isListed = true
  }

  close(): void {
    this.#watch?.close()
  }

  #refresh(files: readonly string[], to: SourceEvents): void {
    const changes = files.toSorted().map((file) => ({ file, shifts: this.#read(file, to) }))
    const shifts = changes.flatMap((change) => change.shifts)
    for (const shift of shifts) this.#reportContest(shift, to)
    const emitted = shifts.flatMap(changesOf)
    if (emitted.length === 0) return
    to.emit(emitted)
    if (this.#isListed) to.note(noteOf(changes))
    this.#isListed = true
  }

  #read(file: string, to: SourceEvents): readonly Shift[] {
    const content = readText(join(this.#folder, file))
    if ('reason' in content) {
      to.report(file, [{ object: file, field: '', reason: `${content.reason}; what it held before stays in use` }])
      return []
    }
    if ('missing' in content) return this.#forget(file, to)
    if (this.#isBeingWritten(file, content.text)) return []
    const former = this.#documents.get(file)
    const manifest = parseManifest(content.text, former ? { file, former } : { file })
    this.#documents.set(file, manifest.documents)
    to.report(file, manifest.issues)
    return this.#claims.replace(file, heldNow(manifest, this.#claims.heldBy(file)))
  }

  #forget(file: string, to: SourceEvents): readonly Shift[] {
    this.#documents.delete(file)
    this.#emptySince.delete(file)
    to.report(file, [])
    return this.#claims.replace(file, new Map())
  }

  #isBeingWritten(file: string, text: string): boolean {
    const now = performance.now()
    const since = this.#emptySince.get(file) ?? now
    const remainingMs = emptyHoldMs - (now - since)
    if (text.trim() !== '' || this.#claims.heldBy(file).size === 0 || remainingMs <= 0) {
      this.#emptySince.delete(file)
      return false
    }
    this.#emptySince.set(file, since)
    this.#watch?.recheck(file, remainingMs)
    return true
  }

  #reportContest({ id, files: [winner, ...losers] }: Shift, to: SourceEvents): void {
    if (losers.length === 0 && !this.#contested.delete(id)) return
    if (losers.length > 0) this.#contested.add(id)
    const reason = `also stands in ${losers.join(', ')}: the one in ${winner} is used, remove the others`
    to.report(id, losers.length > 0 ? [{ object: id, field: '', reason }] : [])
  }
}

/** Equal objects keep their identity; a rejected one its last good version; behind what can't be read, everything is kept. */
const heldNow = ({ items, broken }: Manifest, former: Held): Held => {
  const held = new Map(broken ? former : [])
  for (const item of items) {
    const last = former.get(item.id)
    if ('rejection' in item) {
      if (last) held.set(item.id, last)
    } else held.set(item.id, last && isSame(last, item.objects) ? last : item.objects)
  }
  return held
}

const isSame = (a: readonly KubeObject[], b: readonly KubeObject[]): boolean => a === b || Bun.deepEquals(a, b)

const changesOf = ({ before = [], after = [] }: Shift): Change[] => {
  const kept = new Set(after.map(keyOf))
  const gone = before.filter((object) => !kept.has(keyOf(object)))
  return [
    ...gone.map((object): Change => ({ op: 'delete', kind: object.kind, key: keyOf(object) })),
    ...after.filter((object) => !before.includes(object)).map((object): Change => ({ op: 'set', object })),
  ]
}

const requireFolder = (folder: string): void => {
  const stat = statSync(folder, { throwIfNoEntry: false })
  if (!stat) throw new StartError(`--manifests: folder ${folder} does not exist: create it or name another`)
  if (!stat.isDirectory()) throw new StartError(`--manifests: ${folder} is not a folder: name the folder that holds the manifests`)
  try {
    accessSync(folder, constants.R_OK | constants.X_OK)
  } catch {
    throw new StartError(`--manifests: folder ${folder} can't be read: check its permissions`)
  }
}

const unreadableFolder = (folder: string, problem: string): Issue => ({
  object: folder,
  field: '',
  reason: `the folder can't be read (${problem}); what it held before stays in use: restore it`,
})
