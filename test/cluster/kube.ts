// What tests ask of the API server, as the administrator: objects in, objects out. Plain fetch, so that it shares nothing with what is tested.
import { readFileSync } from 'node:fs'
import type { ClusterFiles } from './credentials.ts'

/** apiVersion, kind and metadata.name at least; metadata.namespace where the kind has one. */
export type KubeObject = { readonly apiVersion: string; readonly kind: string; readonly metadata: { readonly name: string; readonly namespace?: string; readonly [field: string]: unknown }; readonly [field: string]: unknown }

const PLURALS: Readonly<Record<string, string>> = { Ingress: 'ingresses', IngressClass: 'ingressclasses' }
/** The API server is being restarted by a test. */
const RETRY_MS = 100
const NOT_NAMESPACED = new Set(['Namespace', 'Node', 'IngressClass', 'ClusterRole', 'ClusterRoleBinding', 'CustomResourceDefinition'])

/** The API server's no. What fails otherwise may never have reached it. */
class Refusal extends Error {
  override readonly name = 'Refusal'
}

export class Kube {
  readonly server: string
  readonly #tls: { readonly ca: string; readonly cert: string; readonly key: string }

  constructor({ server, ca, adminCert, adminKey }: ClusterFiles) {
    this.server = server
    this.#tls = { ca: readFileSync(ca, 'utf8'), cert: readFileSync(adminCert, 'utf8'), key: readFileSync(adminKey, 'utf8') }
  }

  /** Rejects with the server's message. */
  async request(method: string, path: string, { body, type = 'application/json' }: { readonly body?: unknown; readonly type?: string } = {}): Promise<unknown> {
    const response = await fetch(this.server + path, { method, tls: this.#tls, ...body !== undefined && { body: JSON.stringify(body), headers: { 'Content-Type': type } } })
    const text = await response.text()
    if (!response.ok) throw new (response.status < 500 ? Refusal : Error)(`${method} ${path}: ${response.status} ${text}`)
    return JSON.parse(text)
  }

  /** The same for as long as the API server is away. What is refused is left: it was done before, or there is nothing left to do it to. */
  async insist(method: string, path: string, options: { readonly body?: unknown; readonly type?: string } = {}): Promise<void> {
    for (;;) {
      try {
        await this.request(method, path, options)
        return
      } catch (error) {
        if (error instanceof Refusal) return
        await Bun.sleep(RETRY_MS)
      }
    }
  }

  /** Creates, or changes what differs; owns what it writes. */
  async apply(...objects: readonly KubeObject[]): Promise<void> {
    for (const object of objects) await this.request('PATCH', `${pathOf(object)}?fieldManager=test&force=true`, { body: object, type: 'application/apply-patch+yaml' })
  }
  async patch(object: KubeObject, changes: unknown, subresource = ''): Promise<void> {
    await this.request('PATCH', `${pathOf(object)}${subresource === '' ? '' : `/${subresource}`}`, { body: changes, type: 'application/merge-patch+json' })
  }
  async delete(object: KubeObject): Promise<void> {
    await this.request('DELETE', pathOf(object))
  }
  get(object: KubeObject): Promise<unknown> {
    return this.request('GET', pathOf(object))
  }

  /** Tells of everything in a collection, now and as it changes, for ever; as simple as it can be: after any fault it lists again. */
  async follow(path: string, changed: (type: string, object: unknown) => void): Promise<never> {
    for (;;) {
      try {
        const { items, metadata } = await this.request('GET', path) as { readonly items: readonly unknown[]; readonly metadata: { readonly resourceVersion: string } }
        for (const item of items) changed('ADDED', item)
        await this.#watch(`${path}?watch=true&resourceVersion=${metadata.resourceVersion}`, changed)
      } catch {
        await Bun.sleep(RETRY_MS)
      }
    }
  }
  async #watch(path: string, changed: (type: string, object: unknown) => void): Promise<void> {
    const { body } = await fetch(this.server + path, { tls: this.#tls })
    let rest = ''
    for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const { type, object } = JSON.parse(line)
        // Such as 410: what it knew is forgotten.
        if (type === 'ERROR') throw new Error(line)
        changed(type, object)
      }
    }
  }
}

/** Of one object. */
export function pathOf({ apiVersion, kind, metadata: { name, namespace = 'default' } }: KubeObject): string {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  const plural = PLURALS[kind] ?? `${kind.toLowerCase()}s`
  return `${group}${NOT_NAMESPACED.has(kind) ? '' : `/namespaces/${namespace}`}/${plural}/${name}`
}
