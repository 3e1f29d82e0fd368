// The manifest files of a folder: which there are, whether one changed, its text. Knows nothing of their content.
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Changes whenever a file is written or replaced. */
export type Signature = string
export type FileText = { readonly text: string } | { readonly missing: true } | { readonly reason: string }

// 5,000 Ingresses are 5 MB: a larger file is a mistake, and reading it would stall the watcher.
const maxFileBytes = 64 * 1024 * 1024
// Links may form loops; no manifest stands this deep.
const maxDepth = 16

const isDotted = (name: string): boolean => name.startsWith('.')
const isManifestName = (name: string): boolean => /\.(?:ya?ml|json)$/i.test(name)

/**
 * Dotted names are never read: editors' swap files, .git, and the `..data` behind a mounted ConfigMap, whose files are reached
 * through the links beside it. file: path relative to the folder.
 */
export const isManifestFile = (file: string): boolean => !file.split('/').some(isDotted) && isManifestName(file)

/** undefined: no such file. The inode is part of it: an atomic replacement may keep size and time. */
export const signatureOf = (path: string): Signature | undefined => {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat?.isFile() ? `${stat.ino} ${stat.size} ${stat.mtimeMs}` : undefined
}

/** By path relative to the folder. Follows links to files and folders. Throws when the folder itself can't be read. */
export const scanFolder = (folder: string): Map<string, Signature> => {
  const found = new Map<string, Signature>()
  scanInto(found, { folder, below: '', parents: [realpathSync(folder)] })
  return found
}

type Place = { readonly folder: string; readonly below: string; readonly parents: readonly string[] }

const scanInto = (found: Map<string, Signature>, place: Place): void => {
  for (const entry of readdirSync(join(place.folder, place.below), { withFileTypes: true })) {
    if (isDotted(entry.name)) continue
    const file = place.below === '' ? entry.name : `${place.below}/${entry.name}`
    if (isManifestName(entry.name) && !entry.isDirectory()) {
      const signature = signatureOf(join(place.folder, file))
      if (signature !== undefined) found.set(file, signature)
    } else if (entry.isDirectory() || entry.isSymbolicLink()) scanSubfolder(found, { ...place, below: file })
  }
}

const scanSubfolder = (found: Map<string, Signature>, place: Place): void => {
  try {
    const path = join(place.folder, place.below)
    if (!statSync(path).isDirectory() || place.parents.length > maxDepth) return
    const real = realpathSync(path)
    if (!place.parents.includes(real)) scanInto(found, { ...place, parents: [...place.parents, real] })
  } catch {
    // It went away, or is not ours to read, between two calls: nothing to find there.
  }
}

/** A byte order mark stays: the text may be written back. */
export const textOf = (bytes: Uint8Array): FileText => {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) }
  } catch {
    return { reason: 'is no text in UTF-8: save it as such, or keep it out of here' }
  }
}

export const readText = (path: string): FileText => {
  try {
    const { size } = statSync(path)
    if (size > maxFileBytes) return { reason: `is larger than ${maxFileBytes / 1024 / 1024} MiB and was not read: split it` }
    return textOf(readFileSync(path))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    return code === 'ENOENT' || code === 'ENOTDIR' ? { missing: true } : { reason: `can't be read (${code}): check its permissions` }
  }
}
