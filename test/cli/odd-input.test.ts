// What people give the commands by mistake, and where they send what comes out: one line that says what to do, the exit code that fits, nothing spoilt.
import { afterAll, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lintel } from './command.ts'

const root = mkdtempSync(join(tmpdir(), 'lintel-odd-'))
afterAll(() => { rmSync(root, { recursive: true, force: true }) })

const folder = (name: string, files: Readonly<Record<string, string | Uint8Array>>): string => {
  const path = join(root, name)
  mkdirSync(path)
  for (const [file, content] of Object.entries(files)) writeFileSync(join(path, file), content)
  return path
}
const ingress = (name: string, version = 'v1', eol = '\n') => [
  `apiVersion: networking.k8s.io/${version}`, 'kind: Ingress', `metadata: {name: ${name}, annotations: {kubernetes.io/ingress.class: nginx}}`, 'spec:', '  rules:', `  - host: ${name}.example`,
  '    http:', '      paths:', '      - path: /', '        pathType: Prefix',
  `        backend: ${version === 'v1' ? '{service: {name: app, port: {number: 80}}}' : '{serviceName: app, servicePort: 80}'}`, '',
].join(eol)
const BINARY = new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0xff, 0xfe, 0x00, 0x0a])
const BOM = '\uFEFF'
const THOUSANDS = 5000

const empty = folder('empty', {})
const binary = folder('binary', { 'x.yaml': BINARY })
const many = folder('many', { 'all.yaml': Array.from({ length: THOUSANDS }, (_, i) => ingress(`i${i}`, 'v1beta1')).join('---\n') })

test.each([
  ['convert, an empty folder', ['convert', empty], /holds no file named \*\.yaml.*another folder/],
  ['convert, a binary file', ['convert', join(binary, 'x.yaml')], /x\.yaml: is no text in UTF-8: save it/],
  ['convert, to a folder that is missing', ['convert', join(many, 'all.yaml'), '--output', join(root, 'none', 'x')], /--output=.*ENOENT.*name a file/],
  ['explain, no URL', ['explain', '::::', '--manifests', empty], /"::::" is no URL/],
  ['report, a file', ['report', '--manifests', join(binary, 'x.yaml')], /is not a folder: name the folder/],
])('%s: exit 2 and one line', async (_, argv, line) => {
  const { code, stdout, stderr } = await lintel(argv)
  expect({ code, stdout, lines: stderr.split('\n') }).toEqual({ code: 2, stdout: '', lines: [expect.stringMatching(line), ''] })
})

test('convert, a binary standard input', async () => {
  expect(await lintel(['convert', '-'], { input: BINARY })).toEqual({ code: 2, stdout: '', stderr: 'lintel convert: standard input: is no text in UTF-8: save it as such, or keep it out of here\n' })
})

test.each([
  ['no YAML', 'not: [a\n', /KUBECONFIG: \S+ can't be used \(Flow sequence .* at line 2, column 1\): check that it is a kubeconfig/],
  ['a context that is not there', 'current-context: gone\n', /can't be used \(it has no cluster for its context "gone": choose another with kubectl config use-context\)/],
  ['a server that is gone', 'current-context: a\ncontexts: [{name: a, context: {cluster: a}}]\nclusters: [{name: a, cluster: {server: "http://127.0.0.1:1"}}]\n', /the API server http:\/\/127\.0\.0\.1:1 can't be read: ECONNREFUSED/],
])('report, a kubeconfig with %s: exit 2 and one line', async (_, text, line) => {
  const KUBECONFIG = join(root, 'kubeconfig')
  writeFileSync(KUBECONFIG, text)
  const { code, stdout, stderr } = await lintel(['report'], { env: { KUBECONFIG } })
  expect({ code, stdout, lines: stderr.split('\n') }).toEqual({ code: 2, stdout: '', lines: [expect.stringMatching(line), ''] })
})

test('report, a folder without Ingresses: says so, and how to look for others', async () => {
  expect(await lintel(['report', '--manifests', empty])).toMatchObject({ code: 0, stdout: expect.stringContaining('None was found: for another class give --ingress-class'), stderr: '' })
})

test('report, a file that is no text: the others are told, and that this one is not', async () => {
  const mixed = folder('mixed', { 'a.yaml': ingress('a'), 'b.yaml': BINARY })
  const { code, stdout } = await lintel(['report', '--manifests', mixed])
  expect({ code, stdout }).toEqual({ code: 2, stdout: expect.stringMatching(/^1 Ingress of class nginx[^]*\nNot told: what stands in b\.yaml\n$/) })
  const json: unknown = JSON.parse((await lintel(['report', '--manifests', mixed, '--output', 'json'])).stdout)
  expect(json).toMatchObject({ unread: ['b.yaml'] })
})

test('lists, unknown kinds, documents without content, CRLF and a byte order mark are read', async () => {
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [{ apiVersion: 'acme/v1', kind: 'Widget', metadata: { name: 'w' } }] })
  const odd = folder('odd', { 'a.yaml': `${BOM}${ingress('a', 'v1', '\r\n')}`, 'b.json': list, 'c.yml': `---\n---\n# nothing\n---\n${ingress('c')}` })
  const { code, stdout } = await lintel(['report', '--manifests', odd])
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^2 Ingresses of class nginx .* 2 as before\n/) })
})

test('convert keeps CRLF, and a byte order mark at the very start alone', async () => {
  const marked = folder('marked', { 'a.yaml': `${BOM}${ingress('a', 'v1beta1', '\r\n')}`, 'b.yaml': `${BOM}${ingress('b', 'v1beta1')}` })
  const { code, stdout } = await lintel(['convert', marked])
  // What reads a stream as text takes the first one off.
  expect([code, stdout.includes(BOM), stdout.includes('v1\r\nkind: Ingress\r\n')]).toEqual([0, false, true])
})

test.each([
  ['convert', ['convert', many], 0],
  ['report', ['report', '--manifests', many], 0],
  ['report as JSON', ['report', '--manifests', many, '--output', 'json'], 0],
] as const)('%s of thousands into a pipe whose reader has seen enough: no complaint, the same exit code', async (_, argv, expected) => {
  const child = Bun.spawn(['sh', '-c', '{ "$@" 2> "$0.err"; echo $? > "$0.code"; } | head -c 20', join(root, 'piped'), process.execPath, 'src/main.ts', ...argv], { stdout: 'pipe' })
  await child.exited
  expect((await new Response(child.stdout).text()).length).toBe(20)
  const told = readFileSync(join(root, 'piped.err'), 'utf8').split('\n').filter((line) => !line.includes('networking.k8s.io/v1beta1 to networking.k8s.io/v1'))
  expect([told, Number(readFileSync(join(root, 'piped.code'), 'utf8'))]).toEqual([[''], expected])
})

test.each([['NO_COLOR', '1'], ['FORCE_COLOR', '1'], ['TERM', 'xterm-256color']])('no colours, whatever %s says', async (name, value) => {
  for (const argv of [['--help'], ['report', '--manifests', binary], ['reprot']]) {
    const { stdout, stderr } = await lintel(argv, { env: { [name]: value } })
    expect(`${stdout}${stderr}`).not.toContain('\u001B')
  }
})

test.each(['help', 'version'])('%s as a word is the flag', async (word) => {
  expect(await lintel([word])).toEqual(await lintel([`--${word}`]))
})
