// One YAML or JSON document → plain data. Bun.YAML reads it in 10 µs where `yaml` takes 300; `yaml` reads what the former
// would read wrongly or without complaint, and finds the line of an error. Knows nothing of Kubernetes.
import { parseDocument } from 'yaml'
import { flowMayRepeatKeys, mayRepeatKeys } from './duplicate-keys.ts'

/** line: from 1, within the document. */
export type YamlFault = { readonly line: number; readonly reason: string }
export type YamlResult = { readonly value: unknown } | { readonly fault: YamlFault }

// How often aliases may multiply a document's nodes: two orders above any honest manifest, far below a "billion laughs" bomb.
const maxAliases = 100

// Tags, anchors and aliases, complex and empty keys: Bun.YAML 1.4.5 drops or renames some of them (test/kube/yaml.test.ts).
const unsure = /(?:^|[\s[{,])(?:[!&*]\S|[?:](?:\s|$))/

/** text: one document with LF line ends. Never throws. */
export const readYaml = (text: string): YamlResult => {
  try {
    if (text.trimStart().startsWith('{')) return readJson(text.trim())
    if (!unsure.test(text) && !mayRepeatKeys(text)) return { value: Bun.YAML.parse(text) }
  } catch {
    // The slow parser says where and why, or accepts what the fast one does not know.
  }
  return readSlowly(text)
}

/** Throws a SyntaxError where the flow mapping is YAML and not JSON. */
const readJson = (text: string): YamlResult => {
  const value: unknown = JSON.parse(text)
  return flowMayRepeatKeys(text) ? readSlowly(text) : { value }
}

const readSlowly = (text: string): YamlResult => {
  const document = parseDocument(text, { merge: true, logLevel: 'silent' })
  const [error] = document.errors
  if (error) return { fault: { line: error.linePos?.[0].line ?? 1, reason: firstLine(error.message) } }
  try {
    return { value: document.toJS({ maxAliasCount: maxAliases }) }
  } catch (error) {
    return { fault: { line: 1, reason: firstLine(error instanceof Error ? error.message : String(error)) } }
  }
}

// The lines below quote the document, which may hold a Secret.
const firstLine = (message: string): string => message.replace(/(?: at line \d+, column \d+:)?\n[^]*/, '').replace(/[:.]$/, '')
