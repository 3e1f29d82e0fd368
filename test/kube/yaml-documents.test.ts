// A stream is cut where YAML 1.2 §9 says, and each document knows its line.
import { expect, test } from 'bun:test'
import { normaliseLines, yamlDocuments } from '../../src/kube/yaml-documents.ts'

const cut = (text: string): [text: string, line: number][] => yamlDocuments(normaliseLines(text)).map(({ text, line }) => [text, line])

test.each<[name: string, stream: string, documents: [string, number][]]>([
  ['nothing', '', []],
  ['one document', 'a: 1\n', [['a: 1\n', 1]]],
  ['two, with a leading marker', '---\na: 1\n---\nb: 2', [['a: 1\n', 2], ['b: 2', 4]]],
  ['a marker with a comment', '--- # first\na: 1\n', [['a: 1\n', 2]]],
  ['empty documents between', 'a: 1\n---\n---\n# only a comment\n---\nb: 2\n', [['a: 1\n', 1], ['b: 2\n', 6]]],
  ['content on the marker line', '--- {a: 1}\n', [['--- {a: 1}\n', 1]]],
  ['the end marker', 'a: 1\n...\n---\nb: 2\n...\n', [['a: 1\n', 1], ['b: 2\n', 4]]],
  ['a directive', '%YAML 1.2\n---\na: 1\n', [['a: 1\n', 3]]],
  ['markers inside words and comments', 'a: 1\n# --- x\n---b: 2\n', [['a: 1\n# --- x\n---b: 2\n', 1]]],
  ['an indented marker is text', 'a: |\n  ---\n  x\n', [['a: |\n  ---\n  x\n', 1]]],
  ['Windows line ends and a byte order mark', '\uFEFFa: 1\r\n---\r\nb: 2\r\n', [['a: 1\n', 1], ['b: 2\n', 3]]],
  ['U+2028 is no line end', 'a: "\u2028--- "\n', [['a: "\u2028--- "\n', 1]]],
])('%s', (_, stream, documents) => {
  expect(cut(stream)).toEqual(documents)
})
