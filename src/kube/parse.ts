// The text of one manifest file → objects and issues. Pure. Knows no folder, and of the former text only which documents
// did not change.
import type { Issue } from '../model.ts'
import type { KubeObject } from './objects.ts'
import { contentOfValue, type Content, type Item } from './parse-object.ts'
import type { Rejection } from './schema.ts'
import { normaliseLines, yamlDocuments } from './yaml-documents.ts'
import { readYaml, type YamlFault } from './yaml.ts'

/** By text: what each document of a file held. */
export type Documents = ReadonlyMap<string, Content>

export type Manifest = {
  readonly objects: readonly KubeObject[]
  readonly issues: readonly Issue[]
  readonly items: readonly Item[]
  /** Some document could not be read, so it is not known which objects the file holds. */
  readonly broken: boolean
  readonly documents: Documents
}

/** file: as issues name it. former: `documents` of the last reading; unchanged documents keep their objects' identity. */
export const parseManifest = (text: string, { file, former }: { readonly file: string; readonly former?: Documents }): Manifest => {
  const documents = new Map<string, Content>()
  const items = new Map<string, Item>()
  const issues: Issue[] = []
  for (const { text: document, line } of yamlDocuments(normaliseLines(text))) {
    const content = documents.get(document) ?? former?.get(document) ?? contentOf(document)
    documents.set(document, content)
    for (const fault of content.faults) issues.push(faultIssue(fault, { file, line }))
    for (const item of content.items) {
      if ('rejection' in item) issues.push(rejectedIssue(item, { file, line }))
      if (items.has(item.id)) issues.push(repeatedIssue(item.id, { file, line }))
      else items.set(item.id, item)
    }
  }
  const broken = documents.values().some((content) => content.faults.length > 0)
  const all = [...items.values()]
  return { objects: all.flatMap((item) => ('objects' in item ? item.objects : [])), issues, items: all, broken, documents }
}

/** line: where the document starts. */
type Where = { readonly file: string; readonly line: number }

const faultIssue = (fault: YamlFault, { file, line }: Where): Issue => ({
  object: file,
  field: `line ${line + fault.line - 1}`,
  reason: `${fault.reason}; until it is mended, what stood here before stays in use`,
})

const rejectedIssue = ({ id, rejection }: { readonly id: string; readonly rejection: Rejection }, { file, line }: Where): Issue => ({
  object: id,
  field: rejection.field,
  reason: `${rejection.reason}; until it is mended this version of the object is not used (${file} line ${line})`,
})

const repeatedIssue = (id: string, { file, line }: Where): Issue => ({
  object: id,
  field: '',
  reason: `appears twice in this file: the first one is used, remove one of them (${file} line ${line})`,
})

const contentOf = (document: string): Content => {
  const result = readYaml(document)
  return 'fault' in result ? { items: [], faults: [result.fault] } : contentOfValue(result.value)
}
