// Cuts a YAML stream into its documents, keeping where each one starts. Knows nothing of what stands in them.

/** text: without the `---` that opened it, unless content stands on that line. line: where text starts, from 1. */
export type YamlDocument = { readonly text: string; readonly line: number }

// YAML 1.2 §9.1.2: these end any scalar too, so a cut by lines is exact. Not the `m` flag: its `^` also matches after U+2028.
const marker = /(?:^|\n)(?:---|\.\.\.)(?=[ \t\n]|$)/g
const bareMarker = /^(?:---|\.\.\.)[ \t]*(?:#[^\n]*)?(?:\n|$)/
// Comments, blank lines and %directives alone are no document.
const blank = /^(?:[ \t]*(?:#[^\n]*)?\n|%[^\n]*\n)*[ \t]*(?:[#%][^\n]*)?$/

/** One kind of line end (YAML 1.2 §5.4) and no byte order mark: Bun.YAML 1.4.5 folds CR LF inside quotes wrongly. */
export const normaliseLines = (text: string): string => {
  const bare = text.startsWith('\uFEFF') ? text.slice(1) : text
  return bare.includes('\r') ? bare.replace(/\r\n?/g, '\n') : bare
}

export const isBlank = (text: string): boolean => blank.test(text)

/** text: normalised. Documents without content are left out. */
export const yamlDocuments = (text: string): YamlDocument[] => {
  const cuts = [...text.matchAll(marker)].map((match) => match.index + (match[0].startsWith('\n') ? 1 : 0))
  const documents: YamlDocument[] = []
  let line = 1
  for (const [at, from] of [0, ...cuts].entries()) {
    const piece = text.slice(from, cuts[at])
    const opener = bareMarker.exec(piece)?.[0] ?? ''
    const body = piece.slice(opener.length)
    if (!isBlank(body)) documents.push({ text: body, line: line + newlines(opener) })
    line += newlines(piece)
  }
  return documents
}

const newlines = (text: string): number => {
  let count = 0
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count++
  return count
}
