// What kustomize and Helm make of deploy/: objects, as a person would apply them. Knows no cluster.
import { join } from 'node:path'
import { YAML } from 'bun'
import { helm } from './helm.ts'

const DEPLOY = join(import.meta.dir, '..', '..', 'deploy')
export const CHART = join(DEPLOY, 'chart')
export const BASES = ['host-network', 'node-port', 'load-balancer'] as const
const KUBERNETES = '1.35.4'

/** What all objects have. */
export type Rendered = { readonly apiVersion: string; readonly kind: string; readonly metadata: { readonly name: string; readonly namespace?: string }; readonly [field: string]: unknown }
export type Release = { readonly name?: string; readonly namespace?: string; readonly values?: object }

/** The objects of a file below deploy/. */
export const written = async (file: string): Promise<readonly Rendered[]> => objects(await Bun.file(join(DEPLOY, file)).text())

/** folder: below deploy/, or absolute. Rejects with kustomize's words. */
export const kustomized = async (folder: string): Promise<readonly Rendered[]> => objects(await output(['kubectl', 'kustomize', join(folder.startsWith('/') ? '' : DEPLOY, folder)]))

/** Rejects with Helm's words. */
export async function charted({ name = 'lintel', namespace = 'lintel', values = {} }: Release = {}): Promise<readonly Rendered[]> {
  const program = await helm()
  if (program === null) throw new Error('there is neither Helm nor Go to build it with')
  return objects(await output([program, 'template', name, CHART, '--namespace', namespace, '--kube-version', KUBERNETES, '--values', '-'], JSON.stringify(values)))
}

/** Of a container's args: `$(NAME)` as the kubelet replaces it. */
export const expanded = (text: string, environment: Readonly<Record<string, string>>): string =>
  text.replace(/\$\((\w+)\)/g, (whole, name: string) => environment[name] ?? whole)

async function output(command: readonly string[], input = ''): Promise<string> {
  const child = Bun.spawn([...command], { stdin: new Blob([input]), stdout: 'pipe', stderr: 'pipe' })
  const [text, trouble, code] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited])
  if (code !== 0) throw new Error(trouble)
  return text
}

function objects(text: string): readonly Rendered[] {
  const parsed: unknown = YAML.parse(text)
  return (Array.isArray(parsed) ? parsed : [parsed]).filter(isRendered)
}

function isRendered(value: unknown): value is Rendered {
  return typeof value === 'object' && value !== null && 'kind' in value && 'apiVersion' in value && 'metadata' in value
}
