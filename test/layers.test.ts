// Imports point one way (src/README.md, "Layers"). A new edge is a decision: change the table in the same commit.
import { expect, test } from 'bun:test'
import { Glob } from 'bun'
import { dirname, join, normalize } from 'node:path'
import ts from 'typescript'

/** What each layer may import besides itself. The worker files are wiring: one row each, so that neither side sees the other's. */
const mayImport: Record<string, readonly string[]> = {
  settings: [],
  http: [],
  machine: [],
  certificate: [],
  'wall-clock': [],
  model: ['settings'],
  update: ['model', 'settings'],
  channel: ['model', 'settings'],
  telemetry: ['model', 'settings', 'wall-clock'],
  kube: ['model'],
  table: ['kube', 'model', 'settings'],
  cluster: ['kube', 'model', 'settings'],
  watcher: ['kube', 'table', 'model', 'update', 'channel', 'settings', 'wall-clock'],
  upstream: ['http', 'model', 'telemetry'],
  stream: ['upstream', 'http', 'model', 'telemetry'],
  policies: ['http', 'model', 'telemetry'],
  proxy: ['policies', 'stream', 'upstream', 'http', 'machine', 'model', 'update', 'channel', 'telemetry', 'settings'],
  admin: ['model', 'telemetry'],
  supervisor: ['channel', 'machine', 'model', 'settings', 'telemetry', 'admin'],
  cli: ['kube', 'cluster', 'table', 'watcher', 'proxy', 'http', 'model', 'settings'],
  main: ['supervisor', 'cli', 'settings'],
  'workers/certificate': ['certificate'],
  'workers/watcher': ['watcher', 'cluster', 'kube', 'table', 'model', 'update', 'channel', 'settings'],
  'workers/proxy': ['proxy', 'policies', 'upstream', 'http', 'model', 'update', 'telemetry', 'channel', 'settings', 'wall-clock'],
}

/** `src/table/build.ts` → `table`; `src/settings.ts` and `src/settings/flags.ts` are one layer; `workers/proxy.ts` → `workers/proxy`. */
const layerOf = (file: string): string => {
  const [top = '', name = ''] = file.replace(/\.ts$/, '').split('/')
  return top === 'src' ? name : `${top}/${name}`
}

/** Relative imports of code in a source text as paths from the project's root: static, dynamic, type-only and `import('…')` types. */
const importsOf = (file: string, text: string): string[] =>
  ts.preProcessFile(text, true, true).importedFiles
    .map((imported) => imported.fileName)
    .filter((name) => name.startsWith('.') && name.endsWith('.ts'))
    .map((name) => normalize(join(dirname(file), name)))

const forbiddenImports = (graph: ReadonlyMap<string, readonly string[]>): string[] =>
  [...graph].flatMap(([file, targets]) => targets
    .filter((target) => layerOf(target) !== layerOf(file) && !mayImport[layerOf(file)]?.includes(layerOf(target)))
    .map((target) => `${file} imports ${target}`))

/** The first cycle found as `a -> b -> a`; undefined where there is none. Each file is walked once. */
const firstCycle = (graph: ReadonlyMap<string, readonly string[]>): string | undefined => {
  const finished = new Set<string>()
  const visit = (file: string, path: readonly string[]): string | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file].join(' -> ')
    if (finished.has(file)) return undefined
    for (const next of graph.get(file) ?? []) {
      const cycle = visit(next, [...path, file])
      if (cycle !== undefined) return cycle
    }
    finished.add(file)
    return undefined
  }
  return [...graph.keys()].map((file) => visit(file, [])).find((cycle) => cycle !== undefined)
}

const root = join(import.meta.dir, '..')
const graph = new Map<string, string[]>()
for (const file of [...new Glob('{src,workers}/**/*.ts').scanSync(root)].sort()) {
  graph.set(file, importsOf(file, await Bun.file(join(root, file)).text()))
}

test('every file belongs to a layer of the table', () => {
  expect([...graph.keys()].filter((file) => !(layerOf(file) in mayImport))).toEqual([])
})

test('imports follow the layers', () => {
  expect(forbiddenImports(graph)).toEqual([])
})

test('the layers have no cycle', () => {
  expect(firstCycle(new Map(Object.entries(mayImport)))).toBeUndefined()
})

test('the files have no cycle', () => {
  expect(firstCycle(graph)).toBeUndefined()
})

test('every form of import is seen', () => {
  const text = `import type { A } from './a.ts'
export * from "../b.ts"
import { x } from 'zod'
const later = () => import('./c.ts')
type D = import('./d.ts').D`
  expect(importsOf('src/http/file.ts', text).sort()).toEqual(['src/b.ts', 'src/http/a.ts', 'src/http/c.ts', 'src/http/d.ts'])
})

test('a wrong import and a cycle are found', () => {
  const wrong = new Map([['workers/watcher.ts', ['src/http/h1/scan.ts', 'src/kube/store.ts']], ['src/model.ts', ['src/settings/flags.ts']]])
  expect(forbiddenImports(wrong)).toEqual(['workers/watcher.ts imports src/http/h1/scan.ts'])
  expect(firstCycle(new Map([['x', ['a']], ['a', ['b']], ['b', ['c']], ['c', ['a']]]))).toBe('a -> b -> c -> a')
})
