// Comments cite facts as `bun.md §1.3`: each page and section stands in src/facts, and each section there is cited.
import { expect, test } from 'bun:test'
import { Glob } from 'bun'
import { basename, join } from 'node:path'

const LABEL = /(?:part \d )?§\d+(?:\.\d+)*|\bF\d+/
/** A page, not one with a path or an extension before it; then its labels, listed with commas or "and". */
const CITATION = new RegExp(`(?<![\\w./-])([a-z][a-z-]*)\\.md((?:(?:,| and)? (?:${LABEL.source}))+)`, 'g')
const HEADING = new RegExp(`^#+ (${LABEL.source})(?= )`, 'gm')

/** `page.md label` for each label that the text cites. A comment's line break is a space. */
const citationsIn = (text: string): string[] =>
  [...text.replace(/\n\s*(?:\/\/|\*)\s*/g, ' ').matchAll(CITATION)].flatMap(([, page = '', labels = '']) =>
    [...labels.matchAll(new RegExp(LABEL, 'g'))].map(([label]) => `${page}.md ${label}`))

const headingsIn = (page: string, text: string): string[] => [...text.matchAll(HEADING)].map(([, label = '']) => `${page} ${label}`)

const root = join(import.meta.dir, '..')
const read = (file: string) => Bun.file(join(root, file)).text()

const headings = new Set<string>()
for (const file of new Glob('src/facts/*.md').scanSync(root)) for (const heading of headingsIn(basename(file), await read(file))) headings.add(heading)

const cited = new Map<string, string[]>()
for (const file of new Glob('{src,workers,test,deploy}/**/*.{ts,md}').scanSync(root)) {
  if (file === 'test/facts.test.ts') continue
  for (const citation of citationsIn(await read(file))) cited.set(citation, [...cited.get(citation) ?? [], file])
}

test('what is cited is there', () => {
  expect([...cited].filter(([citation]) => !headings.has(citation)).map(([citation, files]) => `${citation}: ${files.join(', ')}`)).toEqual([])
})

test('what is there is cited', () => {
  expect([...headings].filter((heading) => !cited.has(heading))).toEqual([])
})

test('every form of citation and heading is seen', () => {
  const text = `// Costs 3 µs (a.md §3, §5), as b-c.md §4.10 and F9 say, d.md
    // part 2 §4.`
  expect(citationsIn(text)).toEqual(['a.md §3', 'a.md §5', 'b-c.md §4.10', 'b-c.md F9', 'd.md part 2 §4'])
  expect(headingsIn('a.md', '# A\n## §3 Words\n\n## part 2 §4 More\n## F9 Redirects\nsee §5 there\n')).toEqual(['a.md §3', 'a.md part 2 §4', 'a.md F9'])
})
