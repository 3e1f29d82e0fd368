// Says which manifest files of a folder changed: at once by the kernel's events, and by a re-scan each second for what those
// miss (linked folders, network file systems, exhausted inotify). Knows nothing of what the files hold.
import { statSync, watch, type FSWatcher } from 'node:fs'
import { join } from 'node:path'
import { isManifestFile, scanFolder, signatureOf, type Signature } from './folder.ts'

// Writers truncate, then write: the two events come within a millisecond, and the first alone would show an empty file.
const settleMs = 2
const rescanMs = 1000
// A folder that takes 20 ms to scan is scanned every 2 s: at most this share of a core.
const rescanShare = 0.01

export type FolderEvents = {
  /** Paths relative to the folder; a file that is gone is named too. */
  changed(files: readonly string[]): void
  /** The folder can be read again (null) or not. */
  readable(problem: string | null): void
}

export class FolderWatch {
  readonly #folder: string
  readonly #events: FolderEvents
  readonly #touched = new Set<string>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #signatures = new Map<string, Signature>()
  #mustScan = false
  #settling = false
  #watcher: FSWatcher | undefined
  #watched = ''

  constructor(folder: string, events: FolderEvents) {
    this.#folder = folder
    this.#events = events
  }

  /** Reports all files there are, then every change. */
  start(): void {
    // Before the scan, so that no change falls between the two.
    this.#watch()
    this.#rescan()
  }

  close(): void {
    this.#watcher?.close()
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }

  /** Reports the file again after a while, whether it changes or not. */
  recheck(file: string, afterMs: number): void {
    this.#after(afterMs, () => {
      this.#touched.add(file)
      this.#settle()
    })
  }

  #watch(): void {
    this.#watcher?.close()
    this.#watched = folderIdentity(this.#folder)
    try {
      this.#watcher = watch(this.#folder, { recursive: true }, (_, file) => { this.#noticed(file) })
      this.#watcher.on('error', () => this.#watcher?.close())
    } catch {
      this.#watcher = undefined
    }
  }

  #noticed(file: string | null | undefined): void {
    if (file && isManifestFile(file)) this.#touched.add(file)
    // Scratch files of editors and of git are no news, but the `..data` link of a mounted ConfigMap moves all its files.
    else if (file && /(?:^|\/)\.(?!\.)/.test(file)) return
    else this.#mustScan = true
    this.#settle()
  }

  // Not re-armed by further events: under a stream of them files are still read every settleMs.
  #settle(): void {
    if (this.#settling) return
    this.#settling = true
    this.#after(settleMs, () => {
      this.#settling = false
      this.#report()
    })
  }

  #report(): void {
    const files = new Set(this.#touched)
    this.#touched.clear()
    for (const file of files) this.#sign(file)
    if (this.#mustScan) for (const file of this.#scan()) files.add(file)
    if (files.size > 0) this.#events.changed([...files])
  }

  #sign(file: string): void {
    const signature = signatureOf(join(this.#folder, file))
    if (signature === undefined) this.#signatures.delete(file)
    else this.#signatures.set(file, signature)
  }

  #rescan(): void {
    const before = performance.now()
    if (this.#watched !== folderIdentity(this.#folder)) this.#watch()
    const files = this.#scan()
    if (files.length > 0) this.#events.changed(files)
    this.#after(Math.max(rescanMs, (performance.now() - before) / rescanShare), () => { this.#rescan() })
  }

  #scan(): string[] {
    this.#mustScan = false
    const former = this.#signatures
    try {
      this.#signatures = scanFolder(this.#folder)
    } catch (error) {
      this.#events.readable(error instanceof Error ? error.message : String(error))
      return []
    }
    this.#events.readable(null)
    const changed = [...this.#signatures].filter(([file, signature]) => former.get(file) !== signature).map(([file]) => file)
    return [...changed, ...[...former.keys()].filter((file) => !this.#signatures.has(file))]
  }

  #after(delayMs: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      run()
    }, delayMs)
    this.#timers.add(timer)
  }
}

/** Another folder under the same name has other events: the kernel watches inodes. */
const folderIdentity = (folder: string): string => String(statSync(folder, { throwIfNoEntry: false })?.ino)
