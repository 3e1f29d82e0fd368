// A folder of manifests, watched: what was written is emitted, what can't be read keeps its last good objects.
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { manifests } from '../../src/kube/manifests.ts'
import type { Source, SourceEvents } from '../../src/kube/objects.ts'
import { StartError } from '../../src/kube/start-error.ts'
import { Store } from '../../src/kube/store.ts'
import type { Issue } from '../../src/model.ts'

let folder = ''
let source: Source
let store: Store
let notes: string[]
let batches: number
let reported: Map<string, readonly Issue[]>
let listeners: Set<() => void>

const start = (): Promise<void> => {
  const tell = (): void => { for (const listener of listeners) listener() }
  return source.start({
    emit: (changes) => { store.apply(changes); batches++; tell() },
    report: (origin, issues) => { reported.set(origin, issues); tell() },
    note: (line) => { notes.push(line); tell() },
  })
}
/** Resolves at the first event after which the condition holds. */
const until = (condition: () => boolean): Promise<void> => new Promise((resolve) => {
  const check = (): void => { if (condition() && listeners.delete(check)) resolve() }
  listeners.add(check)
  check()
})

const config = (name: string, value: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {key: "${value}"}\n`
const write = (file: string, text: string): void => { writeFileSync(join(folder, file), text) }
const value = (name: string): string | undefined => store.objects.ConfigMap.get(`default/${name}`)?.data.key
const issues = (): Issue[] => [...reported.values()].flat()

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lintel-manifests-'))
  source = manifests(folder)
  store = new Store()
  notes = []
  batches = 0
  reported = new Map()
  listeners = new Set()
})
afterEach(() => {
  source.close()
  rmSync(folder, { recursive: true, force: true })
})

test('a folder that is missing, or no folder, can not be started', async () => {
  const nobody: SourceEvents = { emit: () => {}, report: () => {}, note: () => {} }
  await expect(manifests(join(folder, 'nowhere')).start(nobody)).rejects.toThrow(StartError)
  write('a.yaml', '')
  await expect(manifests(join(folder, 'a.yaml')).start(nobody)).rejects.toThrow('--manifests:')
})

test('an empty folder is a first list too', async () => {
  await start()
  expect(batches).toBe(1)
})

test('all files of all folders come as one first batch, without notes; dotted and other files are left alone', async () => {
  mkdirSync(join(folder, 'sub/deep'), { recursive: true })
  mkdirSync(join(folder, '.git'))
  write('a.yaml', config('a', '1'))
  write('sub/deep/b.yml', config('b', '1'))
  write('c.json', JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { key: '1' } }))
  for (const other of ['.a.yaml.swp', '.d.yaml', '.git/d.yaml', 'd.yaml~', 'd.txt']) write(other, config('d', '1'))
  await start()
  expect([value('a'), value('b'), value('c'), value('d')]).toEqual(['1', '1', '1', undefined])
  expect(batches).toBe(1)
  expect(notes).toEqual([])
})

test('written, added, renamed over and deleted', async () => {
  write('a.yaml', config('a', '1'))
  await start()
  write('a.yaml', config('a', '2'))
  await until(() => value('a') === '2')
  write('b.yaml', config('b', '1'))
  await until(() => value('b') === '1')
  write('.a.yaml.tmp', config('a', '3'))
  renameSync(join(folder, '.a.yaml.tmp'), join(folder, 'a.yaml'))
  await until(() => value('a') === '3')
  rmSync(join(folder, 'a.yaml'))
  await until(() => value('a') === undefined)
  expect(notes).toEqual([
    'a.yaml: ConfigMap default/a changed', 'b.yaml: ConfigMap default/b added',
    'a.yaml: ConfigMap default/a changed', 'a.yaml: ConfigMap default/a removed',
  ])
})

test('a change is emitted within 50 ms', async () => {
  write('a.yaml', config('a', '0'))
  await start()
  const took: number[] = []
  for (let round = 1; round <= 20; round++) {
    const before = performance.now()
    write('a.yaml', config('a', String(round)))
    await until(() => value('a') === String(round))
    took.push(performance.now() - before)
  }
  expect(took.toSorted((a, b) => a - b)[10]).toBeLessThan(50)
})

test('only what differs is emitted: equal objects keep their identity', async () => {
  write('a.yaml', `${config('a', '1')}---\n${config('b', '1')}`)
  await start()
  const before = store.objects.ConfigMap.get('default/a')
  write('a.yaml', `# a comment\n${config('a', '1')}---\n${config('b', '2')}`)
  await until(() => value('b') === '2')
  expect(store.objects.ConfigMap.get('default/a')).toBe(before)
  expect(notes).toEqual(['a.yaml: ConfigMap default/b changed'])
})

test('a file that does not parse keeps its last good objects and is an issue until it does', async () => {
  write('a.yaml', `${config('a', '1')}---\n${config('b', '1')}`)
  await start()
  write('a.yaml', `${config('a', '2')}---\n${config('b', '2').slice(0, -3)}`)
  await until(() => value('a') === '2')
  expect(value('b')).toBe('1')
  expect(issues()).toEqual([{ object: 'a.yaml', field: 'line 9', reason: expect.stringContaining('stays in use') }])
  write('a.yaml', `${config('a', '2')}---\n${config('b', '2')}`)
  await until(() => value('b') === '2')
  expect(issues()).toEqual([])
})

test('a bad version of an object leaves its last good one, and its neighbours change', async () => {
  write('a.yaml', `${config('a', '1')}---\n${config('b', '1')}`)
  await start()
  write('a.yaml', `${config('a', '2').replace('"2"', '2')}---\n${config('b', '2')}`)
  await until(() => value('b') === '2')
  expect(value('a')).toBe('1')
  expect(issues()).toMatchObject([{ object: 'ConfigMap default/a', field: 'data.key' }])
})

test('an object taken out of a file is removed', async () => {
  write('a.yaml', `${config('a', '1')}---\n${config('b', '1')}`)
  await start()
  write('a.yaml', config('a', '1'))
  await until(() => value('b') === undefined)
  expect(value('a')).toBe('1')
})

test('a file emptied and filled again does not blink', async () => {
  write('a.yaml', config('a', '1'))
  await start()
  const seen = new Set<string | undefined>()
  listeners.add(() => { seen.add(value('a')) })
  truncateSync(join(folder, 'a.yaml'))
  // By the time another file's change is seen, the empty one was read.
  write('b.yaml', config('b', '1'))
  await until(() => value('b') === '1')
  write('a.yaml', config('a', '2'))
  await until(() => value('a') === '2')
  expect(seen).toEqual(new Set(['1', '2']))
})

test('a file that stays empty loses its objects', async () => {
  write('a.yaml', config('a', '1'))
  await start()
  truncateSync(join(folder, 'a.yaml'))
  await until(() => value('a') === undefined)
})

test('the same object in two files: the first by name is used, and the other when that goes', async () => {
  write('b.yaml', config('a', 'b'))
  await start()
  write('a.yaml', config('a', 'a'))
  await until(() => value('a') === 'a')
  const reason = 'also stands in b.yaml: the one in a.yaml is used, remove the others'
  expect(issues()).toEqual([{ object: 'ConfigMap default/a', field: '', reason }])
  rmSync(join(folder, 'a.yaml'))
  await until(() => value('a') === 'b')
  expect(issues()).toEqual([])
})

test('Endpoints that lose a subset lose its slice', async () => {
  const endpoints = (count: number): string => {
    const subsets = Array.from({ length: count }, () => ({ addresses: [] }))
    return JSON.stringify({ apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'x' }, subsets })
  }
  write('a.json', endpoints(2))
  await start()
  expect(store.objects.EndpointSlice.size).toBe(2)
  write('a.json', endpoints(1))
  await until(() => store.objects.EndpointSlice.size === 1)
})

test('a mounted ConfigMap: all files move with the `..data` link', async () => {
  const mount = (version: string): void => {
    mkdirSync(join(folder, `..${version}`))
    write(`..${version}/a.yaml`, config('a', version))
    symlinkSync(`..${version}`, join(folder, '..data_tmp'))
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
  }
  mount('1')
  symlinkSync('..data/a.yaml', join(folder, 'a.yaml'))
  await start()
  expect(value('a')).toBe('1')
  mount('2')
  await until(() => value('a') === '2')
  expect(notes).toEqual(['a.yaml: ConfigMap default/a changed'])
})

test('a folder that is linked in, and links that form a loop', async () => {
  const outside = mkdtempSync(join(tmpdir(), 'lintel-linked-'))
  try {
    writeFileSync(join(outside, 'a.yaml'), config('a', '1'))
    symlinkSync(outside, join(folder, 'linked'))
    symlinkSync('.', join(folder, 'loop'))
    await start()
    expect(value('a')).toBe('1')
    writeFileSync(join(outside, 'a.yaml'), config('a', 'from the re-scan'))
    await until(() => value('a') === 'from the re-scan')
  } finally {
    rmSync(outside, { recursive: true })
  }
})

test('a folder moved in, moved away and made anew', async () => {
  await start()
  mkdirSync(join(folder, '.new'))
  write('.new/a.yaml', config('a', '1'))
  renameSync(join(folder, '.new'), join(folder, 'new'))
  await until(() => value('a') === '1')
  renameSync(join(folder, 'new'), join(folder, '.old'))
  await until(() => value('a') === undefined)
})

test('the folder itself removed: its objects stay in use; made again: it is read and watched', async () => {
  write('a.yaml', config('a', '1'))
  await start()
  renameSync(folder, `${folder}.gone`)
  await until(() => issues().some(({ object }) => object === folder))
  expect(value('a')).toBe('1')
  mkdirSync(folder)
  write('b.yaml', config('b', '1'))
  await until(() => value('b') === '1')
  rmSync(`${folder}.gone`, { recursive: true })
})

test('1,000 files are one list, and a burst of 1,000 writes ends in the right state', async () => {
  const numbers = Array.from({ length: 1000 }, (_, number) => number)
  for (const number of numbers) write(`${number}.yaml`, config(`c${number}`, '1'))
  await start()
  expect(store.objects.ConfigMap.size).toBe(1000)
  expect(batches).toBe(1)
  for (const number of numbers) write(`${number}.yaml`, config(`c${number}`, '2'))
  await until(() => numbers.every((number) => value(`c${number}`) === '2'))
  expect(notes[0]).toMatch(/ and \d+ more$/)
})
