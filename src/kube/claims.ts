// Which file holds which object. Two files may hold the same one: the first by file name wins. Knows no file system.
import type { KubeObject } from './objects.ts'

/** By Item.id. */
export type Held = ReadonlyMap<string, readonly KubeObject[]>
/** What one id gives before and after; undefined: no file holds it. files: who holds it now, the winner first. */
export type Shift = {
  readonly id: string
  readonly before: readonly KubeObject[] | undefined
  readonly after: readonly KubeObject[] | undefined
  readonly files: readonly string[]
}

export class Claims {
  readonly #byFile = new Map<string, Held>()
  readonly #byId = new Map<string, Map<string, readonly KubeObject[]>>()

  /** What the file held at its last `replace`. */
  heldBy(file: string): Held {
    return this.#byFile.get(file) ?? nothing
  }

  /** Returns every id that the file gained, lost or changed. Objects are compared by identity. */
  replace(file: string, held: Held): Shift[] {
    const former = this.heldBy(file)
    if (held.size > 0) this.#byFile.set(file, held)
    else this.#byFile.delete(file)
    const ids = [...new Set([...former.keys(), ...held.keys()])].filter((id) => former.get(id) !== held.get(id))
    return ids.map((id) => this.#shift(id, file, held.get(id)))
  }

  #shift(id: string, file: string, objects: readonly KubeObject[] | undefined): Shift {
    const holders = this.#byId.get(id) ?? new Map<string, readonly KubeObject[]>()
    const before = winner(holders)
    if (objects) holders.set(file, objects)
    else holders.delete(file)
    if (holders.size > 0) this.#byId.set(id, holders)
    else this.#byId.delete(id)
    return { id, before, after: winner(holders), files: [...holders.keys()].toSorted() }
  }
}

const nothing: Held = new Map()
const winner = (holders: ReadonlyMap<string, readonly KubeObject[]>): readonly KubeObject[] | undefined => {
  const [first] = [...holders.keys()].toSorted()
  return first === undefined ? undefined : holders.get(first)
}
