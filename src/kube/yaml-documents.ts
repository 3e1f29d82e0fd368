// Cuts a YAML stream into its documents, keeping where each one starts. Knows nothing of what stands in them.

/** text: without the `---` that opened it, unless content stands on that line. line: where text starts, from 1. */
export type YamlDocument = { readonly text: string; readonly line: number }

// YAML 1.2 §9.1.2: these end any scalar too, so a cut by lines is exact. Not the `m` flag: its `^` also matches after U+2028.
const marker = /(?:^|\n)(?:---|\.\.\.)(?=[ \t\r\n]|$)/g
const bareMarker = /^(?:---|\.\.\.)[ \t]*(?:#[^\n]*)?\r?(?:\n|$)/
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
  const documents: YamlDocument[] = []
  let line = 1
  for (const { opener, body } of yamlPieces(text)) {
    if (!isBlank(body)) documents.push({ text: body, line: line + newlines(opener) })
    line += newlines(opener) + newlines(body)
  }
  return documents
}

/** Put together again they are the text, with any line ends. opener: the marker's line, `` where content stands on it or there is none. */
export const yamlPieces = (text: string): { readonly opener: string; readonly body: string }[] => {
  const cuts = [...text.matchAll(marker)].map((match) => match.index + (match[0].startsWith('\n') ? 1 : 0))
  return [0, ...cuts].map((from, at) => {
    const piece = text.slice(from, cuts[at])
    const opener = bareMarker.exec(piece)?.[0] ?? ''
    return { opener, body: piece.slice(opener.length) }
  })
}

const newlines = (text: string): number => {
  let count = 0
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count++
  return count
}
