// One legacy object as a tree of YAML nodes, changed in place into networking.k8s.io/v1, so that what is not touched keeps its comments, order
// and writing. Knows no text.
import { type Document, isAlias, isMap, isPair, isScalar, isSeq, type Node, type Pair, type Scalar, type YAMLMap } from 'yaml'

/** what: the object, or where the document begins. */
export type ConvertNote = { readonly what: string; readonly done: string }
export type ConvertOptions = { readonly classToField: boolean }

const CURRENT = 'networking.k8s.io/v1'
const LEGACY: Readonly<Record<string, readonly string[]>> = {
  Ingress: ['extensions/v1beta1', 'networking.k8s.io/v1beta1'],
  IngressClass: ['networking.k8s.io/v1beta1'],
}
const CLASS_ANNOTATION = 'kubernetes.io/ingress.class'

/** value: a document's plain data. */
export function isLegacy(value: unknown, options: ConvertOptions): boolean {
  return objectsIn(value).some((object) => isLegacyVersion(object) || (options.classToField && hasClassAnnotation(object)))
}

/** Changes `contents`. A note for each object that was changed. */
export function convertObject(contents: YAMLMap, document: Document, options: ConvertOptions): { readonly notes: readonly ConvertNote[] } {
  const conversion = new Conversion(document, options)
  conversion.convert(contents)
  return { notes: conversion.notes }
}

type Mapping = Readonly<Record<string, unknown>>
type Identity = { readonly kind: string; readonly apiVersion: string }

class Conversion {
  readonly notes: ConvertNote[] = []
  readonly #document: Document
  readonly #options: ConvertOptions
  /** What an anchor names is reached more than once. */
  readonly #seen = new Set<YAMLMap>()
  #backends = 0
  #pathTypes = 0

  constructor(document: Document, options: ConvertOptions) {
    this.#document = document
    this.#options = options
  }

  convert(contents: YAMLMap): void {
    const identity = identityOf(contents.toJS(this.#document))
    const items = this.#values(contents, 'items').flatMap((node) => (isSeq(node) ? node.items : []))
    if (!identity.kind.endsWith('List') || items.length === 0) return this.#object(contents, identity)
    const kind = identity.kind.slice(0, -'List'.length)
    for (const item of items) for (const map of this.#maps(item).slice(0, 1)) this.#object(map, { ...identity, kind, ...identityIn(map.toJS(this.#document)) })
    if (isLegacyVersion({ ...identity, kind })) this.#set(contents, 'apiVersion', CURRENT)
  }

  #object(map: YAMLMap, identity: Identity): void {
    const plain: unknown = map.toJS(this.#document)
    const done: string[] = []
    if (isLegacyVersion(identity)) done.push(this.#toCurrent(map, identity))
    if (this.#options.classToField && identity.kind === 'Ingress' && hasClassAnnotation(plain)) done.push(this.#classToField(map))
    if (done.length > 0) this.notes.push({ what: nameOf(plain, identity.kind), done: done.join('; ') })
  }

  #toCurrent(map: YAMLMap, { kind, apiVersion }: Identity): string {
    if (pairOf(map, 'apiVersion') !== undefined) this.#set(map, 'apiVersion', CURRENT)
    const said = `${apiVersion} to ${CURRENT}`
    if (kind !== 'Ingress') return said
    this.#backends = this.#pathTypes = 0
    for (const spec of this.#values(map, 'spec')) this.#spec(spec)
    const types = this.#pathTypes === 0 ? '' : `, ${counted(this.#pathTypes, 'pathType')} ImplementationSpecific added`
    return `${said}, ${counted(this.#backends, 'backend')}${types}`
  }

  #spec(node: Node): void {
    for (const spec of this.#maps(node)) {
      const pair = pairOf(spec, 'backend')
      if (pair !== undefined) pair.key.value = 'defaultBackend'
    }
    for (const backend of this.#values(node, 'defaultBackend')) this.#backend(backend)
    const rules = this.#each(this.#values(node, 'rules'))
    const https = rules.flatMap((rule) => this.#values(rule, 'http'))
    for (const path of this.#each(https.flatMap((http) => this.#values(http, 'paths')))) this.#path(path)
  }

  #path(node: Node): void {
    for (const backend of this.#values(node, 'backend')) this.#backend(backend)
    const [own] = this.#maps(node)
    if (own === undefined || this.#values(node, 'pathType').some((type) => !isScalar(type) || type.value !== null)) return
    this.#pathTypes++
    const pair = pairOf(own, 'pathType')
    if (pair !== undefined) return this.#set(own, 'pathType', 'ImplementationSpecific')
    const at = own.items.findIndex((item) => isKey(item, 'path'))
    own.items.splice(at + 1, 0, this.#document.createPair('pathType', 'ImplementationSpecific'))
  }

  /** {serviceName, servicePort} → {service: {name, port: {number or name}}}, in the place of the first of the two. */
  #backend(node: Node): void {
    for (const map of this.#maps(node)) {
      const [name, port] = [pairOf(map, 'serviceName'), pairOf(map, 'servicePort')]
      if (this.#seen.has(map) || name === undefined || port === undefined) continue
      this.#seen.add(map)
      this.#backends++
      const service = this.#map(map)
      const first = map.items.findIndex((pair) => pair === name || pair === port)
      service.items.push(...map.items.filter((pair) => pair === name || pair === port))
      map.items.splice(first, 1, this.#document.createPair('service', service))
      map.items = map.items.filter((pair) => pair !== name && pair !== port)
      name.key.value = 'name'
      port.key.value = 'port'
      port.value = this.#port(port.value, map)
    }
  }

  /** `"80"` is how people quote a number in the legacy shape (kube/parse-ingress.ts). */
  #port(node: unknown, like: YAMLMap): YAMLMap {
    const target = this.#resolve(node)
    const value = isScalar(target) ? target.value : undefined
    const quoted = typeof value === 'string' && /^\d{1,5}$/.test(value)
    const port = this.#map(like)
    port.items.push(this.#document.createPair(quoted || typeof value === 'number' ? 'number' : 'name', quoted ? Number(value) : node))
    return port
  }

  #classToField(map: YAMLMap): string {
    const [metadata] = this.#values(map, 'metadata')
    const annotations = this.#values(metadata, 'annotations').flatMap((node) => this.#maps(node))
    const holder = annotations.find((each) => pairOf(each, CLASS_ANNOTATION) !== undefined)
    const pair = holder && pairOf(holder, CLASS_ANNOTATION)
    const [spec] = this.#values(map, 'spec').flatMap((node) => this.#maps(node))
    if (holder === undefined || pair === undefined || spec === undefined) return `annotation ${CLASS_ANNOTATION} kept: there is no spec to put it in`
    holder.delete(CLASS_ANNOTATION)
    if (holder.items.length === 0 && isMap(metadata)) metadata.delete('annotations')
    spec.items.unshift(this.#document.createPair('ingressClassName', pair.value))
    return 'annotation of the class to spec.ingressClassName'
  }

  #map(like: YAMLMap): YAMLMap {
    const map = this.#document.createNode({}, { flow: like.flow === true })
    map.flow = like.flow === true
    return map
  }

  #set(map: YAMLMap, key: string, value: string): void {
    const pair = pairOf(map, key)
    if (pair !== undefined && isScalar(pair.value)) pair.value.value = value
    else map.set(key, value)
  }

  #each(nodes: readonly Node[]): Node[] {
    return nodes.flatMap((node) => (isSeq<Node>(node) ? node.items : []))
  }

  /** What the key has in a mapping, and in those that are merged into it. */
  #values(node: unknown, key: string): Node[] {
    return this.#maps(node).flatMap((map) => this.#resolve(pairOf(map, key)?.value) ?? [])
  }

  /** A mapping and those that `<<` merges into it. */
  #maps(node: unknown): YAMLMap[] {
    const map = this.#resolve(node)
    if (!isMap(map)) return []
    const merged = map.items.filter(({ key }) => isScalar(key) && key.source === '<<').map(({ value }) => this.#resolve(value))
    return [map, ...merged.flatMap((each) => (isSeq(each) ? each.items : [each])).flatMap((each) => this.#maps(each))]
  }

  #resolve(node: unknown): Node | undefined {
    if (isAlias(node)) return node.resolve(this.#document)
    return isMap(node) || isSeq(node) || isScalar(node) ? node : undefined
  }
}

function isKey(pair: Pair, name: string): pair is Pair<Scalar> {
  return isScalar(pair.key) && pair.key.value === name
}

function pairOf(map: YAMLMap, name: string): Pair<Scalar> | undefined {
  return map.items.find((pair): pair is Pair<Scalar> => isPair(pair) && isKey(pair, name))
}

function objectsIn(value: unknown): readonly unknown[] {
  if (!isMapping(value)) return []
  const { kind, apiVersion } = identityOf(value)
  if (!kind.endsWith('List') || !Array.isArray(value['items'])) return [value]
  return value['items'].map((item: unknown) => ({ apiVersion, kind: kind.slice(0, -'List'.length), ...(isMapping(item) && item) }))
}

function isLegacyVersion(object: unknown): boolean {
  const { kind, apiVersion } = identityOf(object)
  return Object.hasOwn(LEGACY, kind) && LEGACY[kind]?.includes(apiVersion) === true
}

function hasClassAnnotation(object: unknown): boolean {
  if (!isMapping(object) || object['kind'] !== 'Ingress') return false
  const { metadata, spec } = object
  const annotations = isMapping(metadata) ? metadata['annotations'] : undefined
  const named = isMapping(spec) && spec['ingressClassName'] !== undefined && spec['ingressClassName'] !== null
  return isMapping(annotations) && typeof annotations[CLASS_ANNOTATION] === 'string' && !named
}

function identityOf(object: unknown): Identity {
  return { kind: '', apiVersion: '', ...identityIn(object) }
}

function identityIn(object: unknown): Partial<Identity> {
  if (!isMapping(object)) return {}
  const { kind, apiVersion } = object
  return { ...(typeof kind === 'string' && { kind }), ...(typeof apiVersion === 'string' && { apiVersion }) }
}

function nameOf(object: unknown, kind: string): string {
  const metadata = isMapping(object) ? object['metadata'] : undefined
  const { name, namespace } = isMapping(metadata) ? metadata : {}
  const place = kind === 'IngressClass' ? '' : `${typeof namespace === 'string' ? namespace : 'default'}/`
  return `${kind} ${place}${typeof name === 'string' ? name : '(no name)'}`
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
