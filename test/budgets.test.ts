// Files and functions stay small enough to be read at one sitting. Prints the medians; fails at the limits.
import { expect, test } from 'bun:test'
import { Glob } from 'bun'
import { join } from 'node:path'
import ts from 'typescript'

const maxFileLines = 400
const maxFunctionLines = 60

type Sized = { readonly name: string; readonly lines: number }

const parse = (file: string, text: string) => ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)

/** Every function with a body, the arrow in an argument too; `name` is `file:line`. */
const functionsOf = (source: ts.SourceFile): Sized[] => {
  const found: Sized[] = []
  const lineAt = (position: number) => source.getLineAndCharacterOfPosition(position).line + 1
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const first = lineAt(node.getStart(source))
      found.push({ name: `${source.fileName}:${first}`, lines: lineAt(node.end) - first + 1 })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

const median = (sizes: readonly Sized[]): number =>
  sizes.map((size) => size.lines).sort((a, b) => a - b)[Math.floor(sizes.length / 2)] ?? 0
const over = (sizes: readonly Sized[], limit: number): string[] =>
  sizes.filter((size) => size.lines > limit).map((size) => `${size.name}: ${size.lines} lines, at most ${limit}`)

const root = join(import.meta.dir, '..')
const sources: ts.SourceFile[] = []
for (const file of [...new Glob('{src,workers}/**/*.ts').scanSync(root)].sort()) {
  sources.push(parse(file, await Bun.file(join(root, file)).text()))
}

test('files are within their budget', () => {
  const files = sources.map((source) => ({ name: source.fileName, lines: source.text.split('\n').length - 1 }))
  console.log(`files: ${files.length}, median ${median(files)} lines`)
  expect(over(files, maxFileLines)).toEqual([])
})

test('functions are within their budget', () => {
  const functions = sources.flatMap(functionsOf)
  console.log(`functions: ${functions.length}, median ${median(functions)} lines`)
  expect(over(functions, maxFunctionLines)).toEqual([])
})

test('functions are measured as they stand', () => {
  const text = `declare function none(): void
class A {
  get one() { return 1 }
  four() {
    return [1].map(x =>
      x + 1)
  }
}`
  expect(functionsOf(parse('a.ts', text))).toEqual([
    { name: 'a.ts:3', lines: 1 }, { name: 'a.ts:4', lines: 4 }, { name: 'a.ts:5', lines: 2 },
  ])
  expect(over([{ name: 'a.ts:4', lines: 4 }], 3)).toEqual(['a.ts:4: 4 lines, at most 3'])
})
