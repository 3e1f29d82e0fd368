// `lintel convert`: manifests with legacy Ingress shapes, as networking.k8s.io/v1. Reads files, writes one text, and says what it did.
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type FileText, isManifestFile, readText, scanFolder, textOf } from '../kube/folder.ts'
import { FlagError } from '../settings.ts'
import type { Command } from './command.ts'
import { convertText, type Conversion } from './convert-text.ts'

const EXIT_LEFT = 1
const STDIN = 0

type Input = { readonly file: string; readonly text: string }

export const convert: Command = {
  usage: 'convert FILE|DIR|- [flags]',
  about: `Writes the manifests with each Ingress and IngressClass of extensions/v1beta1 or networking.k8s.io/v1beta1 as networking.k8s.io/v1.
Other documents stay as they are, octet for octet; comments, order and unknown fields stay too. Of a folder all manifests make one text.
What was done stands on standard error. Exit code 0: all is v1; 1: a document could not be read or converted, and was left as it was.`,
  operands: { name: 'FILE, DIR or -', count: 1 },
  options: {
    output: { placeholder: 'FILE', help: 'Where the text goes (default standard output); it may be the input' },
    'class-to-field': { placeholder: '', help: 'Turn the annotation kubernetes.io/ingress.class into spec.ingressClassName, which needs an IngressClass of that name' },
  },
  serving: [],
  presets: [],
  async run({ operand, options }) {
    const classToField = options.get('class-to-field') === 'true'
    const conversions = inputs(operand).map(({ file, text }) => ({ file, ...convertText(text, { classToField }) }))
    write(joined(conversions), options.get('output'))
    for (const { file, notes } of conversions) for (const { what, done } of notes) process.stderr.write(`${file}: ${what}: ${done}\n`)
    return conversions.some(({ left }) => left > 0) ? EXIT_LEFT : 0
  },
}

function inputs(operand: string): Input[] {
  if (operand === '-') return [input('standard input', textOf(readFileSync(STDIN)))]
  const stat = statSync(operand, { throwIfNoEntry: false })
  if (stat === undefined) throw new FlagError(`${operand} does not exist: name a file, a folder, or - for standard input`)
  if (!stat.isDirectory()) return [input(operand, readText(operand))]
  const files = manifestsOf(operand).map((file) => join(operand, file))
  if (files.length === 0) throw new FlagError(`${operand} holds no file named *.yaml, *.yml or *.json: name another folder`)
  return files.map((file) => input(file, readText(file)))
}

function manifestsOf(folder: string): string[] {
  try {
    return [...scanFolder(folder).keys()].filter(isManifestFile).sort()
  } catch (error) {
    throw new FlagError(`folder ${folder} can't be read (${codeOf(error)}): check its permissions`)
  }
}

function input(file: string, read: FileText): Input {
  if ('text' in read) return { file, text: read.text }
  throw new FlagError(`${file}: ${'reason' in read ? read.reason : 'is gone'}`)
}

/** One stream of documents: what does not begin with a marker gets one before it, and a byte order mark stands at the very start or nowhere. */
function joined(conversions: readonly Conversion[]): string {
  let text = ''
  for (const { text: whole } of conversions) {
    const next = text === '' ? whole : whole.replace(/^\uFEFF/, '')
    if (text !== '' && !text.endsWith('\n')) text += '\n'
    text += text !== '' && !/^(?:---|%)/.test(next) ? `---\n${next}` : next
  }
  return text
}

function write(text: string, output: string | undefined): void {
  if (output === undefined) return void process.stdout.write(text)
  try {
    writeFileSync(output, text)
  } catch (error) {
    throw new FlagError(`--output=${output}: can't be written (${codeOf(error)}): name a file in a folder that is there and can be written`)
  }
}

const codeOf = (error: unknown): string => error instanceof Error && 'code' in error ? String(error.code) : String(error)
