// The text of one manifest file → the same with its legacy documents converted. Whatever has nothing to be converted is passed on as it is,
// and so is a document whose conversion would not read as the same object. Knows no files.
import { isMap, parseDocument, type Document, type ToStringOptions } from 'yaml'
import { contentOfValue } from '../kube/parse-object.ts'
import { isBlank, normaliseLines, yamlPieces } from '../kube/yaml-documents.ts'
import { readYaml } from '../kube/yaml.ts'
import { convertObject, isLegacy, type ConvertNote, type ConvertOptions } from './convert-object.ts'

/** left: documents that should have been converted, or could not be read. */
export type Conversion = { readonly text: string; readonly notes: readonly ConvertNote[]; readonly left: number }

export function convertText(text: string, options: ConvertOptions): Conversion {
  const notes: ConvertNote[] = []
  let left = 0
  let line = 1
  const pieces = yamlPieces(text).map(({ opener, body }) => {
    const where = `document at line ${line + opener.split('\n').length - 1}`
    line += (opener + body).split('\n').length - 1
    const converted = convertDocument(body, options)
    if ('fault' in converted) {
      left++
      notes.push({ what: where, done: `left as it is: ${converted.fault}` })
      return opener + body
    }
    notes.push(...converted.notes)
    return opener + converted.text
  })
  return { text: pieces.join(''), notes, left }
}

type Converted = { readonly text: string; readonly notes: readonly ConvertNote[] } | { readonly fault: string }

/** Comments before the content are none of the parser's business: they stay octet for octet. */
const HEAD = /^\uFEFF?(?:[ \t]*(?:#[^\n]*)?\r?\n)*/

function convertDocument(body: string, options: ConvertOptions): Converted {
  const normal = normaliseLines(body)
  if (isBlank(normal)) return { text: body, notes: [] }
  const read = readYaml(normal)
  if ('fault' in read) return { fault: `line ${read.fault.line} of it: ${read.fault.reason}` }
  if (!isLegacy(read.value, options)) return { text: body, notes: [] }
  const head = HEAD.exec(body)?.[0] ?? ''
  const source = normaliseLines(body.slice(head.length))
  const document = parseDocument(source, { merge: true, logLevel: 'silent' })
  const write = writerOf(source, document)
  const { contents } = document
  if (!isMap(contents)) return { fault: 'its content is no mapping' }
  const { notes } = convertObject(contents, document, options)
  const text = write(document)
  if (text === null) return { fault: 'an anchor stands where its value had to change: convert it by hand' }
  const fault = differenceOf(normal, text, options)
  return fault === undefined ? { text: head + withLineEnds(text, body), notes } : { fault }
}

/** A list that is not indented below its key. */
const HANGING_DASH = /^( *)\S.*:\n\1- /m

/** JSON stays JSON; YAML gets the indentation that it has. It writes null where an alias has lost its anchor. */
function writerOf(source: string, document: Document): (document: Document) => string | null {
  if (source.startsWith('{') && isJson(source)) {
    const indent = /^\{\s*?\n([ \t]+)/.exec(source)?.[1] ?? ''
    const end = source.endsWith('\n') ? '\n' : ''
    return (converted) => JSON.stringify(converted.toJS(), null, indent) + end
  }
  const indent = /^( {1,8})\S/m.exec(source)?.[1]?.length ?? 2
  const styles = [indent, 2].flatMap((indent) => [true, false].map((indentSeq): ToStringOptions => ({ indent, indentSeq, lineWidth: 0, flowCollectionPadding: !/\{\S/.test(source) })))
  const style = styles.find((candidate) => document.toString(candidate) === source) ?? styles[HANGING_DASH.test(source) ? 1 : 0] ?? {}
  return (converted) => {
    try {
      return converted.toString(style)
    } catch {
      return null
    }
  }
}

/** What the table is built from must not change by it. Returns how it would. */
function differenceOf(before: string, after: string, { classToField }: ConvertOptions): string | undefined {
  const [old, converted] = [readYaml(before), readYaml(after)]
  if ('fault' in old || 'fault' in converted) return 'its conversion would not be readable: convert it by hand'
  const [was, is] = [contentOfValue(old.value), contentOfValue(converted.value)]
  const rejected = was.items.find((item) => 'rejection' in item)
  if (rejected !== undefined && 'rejection' in rejected) return `${rejected.id}: ${rejected.rejection.field} ${rejected.rejection.reason}`
  return classToField || Bun.deepEquals(was, is) ? undefined : 'its conversion would mean something else: convert it by hand'
}

function withLineEnds(text: string, like: string): string {
  return like.includes('\r\n') ? text.replaceAll('\n', '\r\n') : text
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
