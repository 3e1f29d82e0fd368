// `lintel convert`: golden pairs through the real program, and what must hold for any legacy object. Equal objects make equal tables, so that
// the table's builder is not needed to compare.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { convertText } from '../../src/cli/convert-text.ts'
import { parseManifest } from '../../src/kube/parse.ts'
import { lintel } from './command.ts'

const FOLDER = join(import.meta.dir, 'convert')
const names = readdirSync(FOLDER).filter((file) => file.endsWith('.in.yaml')).map((file) => file.replace('.in.yaml', ''))
const text = (file: string) => Bun.file(join(FOLDER, file)).text()
const objects = (manifest: string) => parseManifest(manifest, { file: 'f' }).objects
const AS_IS = { classToField: false }

test.each(names)('%s: the converted text, the same objects, and nothing to do the second time', async (name) => {
  const { code, stdout } = await lintel(['convert', join(FOLDER, `${name}.in.yaml`)])
  expect(stdout).toBe(await text(`${name}.out.yaml`))
  expect(code).toBe(0)
  expect(objects(stdout)).toEqual(objects(await text(`${name}.in.yaml`)))
  expect(convertText(stdout, AS_IS)).toEqual({ text: stdout, notes: [], left: 0 })
})

test('says what it did, by object', async () => {
  const { stderr } = await lintel(['convert', '-'], { input: await text('many.in.yaml') })
  expect(stderr.trimEnd().split('\n')).toEqual([
    'standard input: IngressClass edge: networking.k8s.io/v1beta1 to networking.k8s.io/v1',
    'standard input: Ingress shop/web: networking.k8s.io/v1beta1 to networking.k8s.io/v1, 1 backend, 1 pathType ImplementationSpecific added',
  ])
})

const LEGACY = `apiVersion: extensions/v1beta1
kind: Ingress
metadata:
  name: web
spec:
  backend: {serviceName: web, servicePort: 80}
`

test('what can not be read is named and left; the rest is converted', async () => {
  const input = `a: [\n---\n${LEGACY}---\n${LEGACY.replace(', servicePort: 80', '')}`
  const { code, stdout, stderr } = await lintel(['convert', '-'], { input })
  expect(code).toBe(1)
  expect(stdout.startsWith('a: [\n---\napiVersion: networking.k8s.io/v1\n')).toBe(true)
  expect(stdout.endsWith(`---\n${LEGACY.replace(', servicePort: 80', '')}`)).toBe(true)
  expect(stderr).toContain('standard input: document at line 1: left as it is: line ')
  expect(stderr).toContain('standard input: document at line 10: left as it is: Ingress default/web: spec.backend has no servicePort')
})

test('an anchor on a value that has to change, and a backend put together by a merge, are left', () => {
  const anchored = LEGACY.replace('servicePort: 80', 'servicePort: &p "80"') + 'x: *p\n'
  expect(convertText(anchored, AS_IS)).toMatchObject({ text: anchored, left: 1 })
  const merged = `${LEGACY.replace('{serviceName: web, servicePort: 80}', '{<<: &base {serviceName: web}, servicePort: 80}')}`
  expect(convertText(merged, AS_IS)).toMatchObject({ text: merged, left: 1 })
})

test('--class-to-field moves the annotation, where the field is free', async () => {
  const annotated = LEGACY.replace('name: web\n', 'name: web\n  annotations: {kubernetes.io/ingress.class: edge}\n')
  const { stdout } = await lintel(['convert', '-', '--class-to-field'], { input: annotated })
  expect(objects(stdout)).toMatchObject([{ className: 'edge', meta: { annotations: {} } }])
  expect(stdout).not.toContain('annotations')
  expect(objects(convertText(annotated, AS_IS).text)).toMatchObject([{ className: undefined, meta: { annotations: { 'kubernetes.io/ingress.class': 'edge' } } }])
})

test('a folder makes one text; --output writes it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lintel-convert-'))
  try {
    await Bun.write(join(folder, 'b.yaml'), LEGACY.trimEnd())
    await Bun.write(join(folder, 'a/a.yml'), LEGACY.replace('name: web', 'name: other'))
    await Bun.write(join(folder, 'notes.txt'), 'not a manifest')
    const { code, stdout } = await lintel(['convert', folder, '--output', join(folder, 'out.yaml')])
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    expect(objects(await Bun.file(join(folder, 'out.yaml')).text()).map(({ meta }) => meta.name)).toEqual(['other', 'web'])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a file that is not there, or no file: one line, exit code 2', async () => {
  expect(await lintel(['convert', '/nowhere.yaml'])).toMatchObject({ code: 2, stdout: '', stderr: 'lintel convert: /nowhere.yaml does not exist: name a file, a folder, or - for standard input\n' })
  expect(await lintel(['convert'])).toMatchObject({ code: 2, stderr: 'lintel convert: FILE, DIR or - is missing; see --help\n' })
  expect(await lintel(['covert', 'x'])).toMatchObject({ code: 2, stderr: 'lintel: unknown command "covert": did you mean convert?\n' })
})

const name = fc.constantFrom('a', 'web', 'tea-2')
// No empty lists: what the library writes for them with indentSeq: false is no YAML. No text that begins with a space: its block literals at another
// indent than 2 begin with more of them (such a document is left as it is: below).
const value = fc.string().filter((drawn) => !drawn.startsWith(' '))
const backend = fc.record({ serviceName: name, servicePort: fc.oneof(fc.integer({ min: 1, max: 65_535 }), fc.constantFrom('http', '80', '8443')) })
const path = fc.record({ path: fc.constantFrom('/', '/a', '/b#c', '/: d'), pathType: fc.constantFrom('Exact', 'Prefix'), backend }, { requiredKeys: ['backend'] })
const rule = fc.record({ host: fc.constantFrom('a.example', '*.example'), http: fc.record({ paths: fc.array(path, { minLength: 1, maxLength: 3 }) }) }, { requiredKeys: ['http'] })
const legacy = fc.record({
  apiVersion: fc.constantFrom('extensions/v1beta1', 'networking.k8s.io/v1beta1'),
  kind: fc.constant('Ingress'),
  metadata: fc.record({ name, namespace: name, annotations: fc.dictionary(fc.constantFrom('x/y', 'x/z'), value) }, { requiredKeys: ['name'] }),
  spec: fc.record({ backend, rules: fc.array(rule, { minLength: 1, maxLength: 3 }), unknown: value }, { requiredKeys: [] }),
})
const writing = fc.record({
  indent: fc.constantFrom(2, 3, 4), indentSeq: fc.boolean(), lineWidth: fc.constantFrom(0, 40), collectionStyle: fc.constantFrom('block' as const, 'flow' as const),
  defaultStringType: fc.constantFrom('PLAIN' as const, 'QUOTE_DOUBLE' as const, 'BLOCK_LITERAL' as const), aliasDuplicateObjects: fc.boolean(),
})

test('a document that would mean something else when it is written again is left as it is', () => {
  const manifest = stringify({ apiVersion: 'extensions/v1beta1', kind: 'Ingress', metadata: { name: 'a', annotations: { 'x/y': ' !' } } }, { indent: 4, defaultStringType: 'BLOCK_LITERAL' })
  expect(convertText(manifest, AS_IS)).toMatchObject({ text: manifest, left: 1 })
})

test('any legacy Ingress in any writing: the same object, twice is once', () => {
  fc.assert(fc.property(legacy, writing, fc.boolean(), (object, style, crlf) => {
    const manifest = stringify(object, style).replaceAll('\n', crlf ? '\r\n' : '\n')
    const once = convertText(manifest, AS_IS)
    expect(once.left).toBe(0)
    expect(once.text).not.toContain('v1beta1')
    expect(objects(once.text)).toEqual(objects(manifest))
    expect(convertText(once.text, AS_IS)).toEqual({ text: once.text, notes: [], left: 0 })
  }), { numRuns: 100 })
})
