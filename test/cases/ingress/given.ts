// `given` as Kubernetes objects and flags. Says what it can't produce instead of guessing.
import { backend, configMap, ingress, ingressClass, service, type Backend, type Rule } from '../../support/manifests.ts'
import type { Given, GivenIngress } from './case.ts'
import { isKnownSecret, NAMESPACE, secrets } from './secrets.ts'
import { behaviourOf } from './servers.ts'

export const SETTINGS = `${NAMESPACE}/ingress-nginx-controller`
/** The retired controller's own class and controller name, which the format means by "own class". */
const OWN_CLASS = 'nginx'
const OWN_CONTROLLER = 'k8s.io/ingress-nginx'
const OTHER_CONTROLLER = 'k8s.io/other-class'
const CLIENT_CIDR = '127.0.0.0/8'
/** Apart by a second each, in the order of the file: the oldest wins conflicts. */
const EPOCH_MS = Date.UTC(2024, 0, 1)

/** Named in a backend, and by their name not there. */
const isMissing = (name: string) => /^(non-?existent|missing|absent)/.test(name)
const isExternal = (name: string) => /^external/.test(name)

/** Reasons for which no such cluster can be made; none: it can. */
export function cannotProduce({ ingresses, configmap, objects, upstream }: Given): string[] {
  const values = [...Object.values(configmap), ...ingresses.flatMap(({ annotations }) => Object.values(annotations))]
  const foreign = values.flatMap((value) => /\b(EXT|MIRROR|ERR)\b|<(?!CIDRs containing the client>)[^>]+>/.exec(value)?.[0] ?? [])
  const namespaces = ingresses.flatMap(({ namespace = NAMESPACE }) =>
    /^[a-z0-9-]+$/.test(namespace) && namespace !== 'unlabelled' ? [] : [namespace],
  )
  return [
    ...foreign.map((name) => `given: needs ${name}`),
    ...namespaces.map((namespace) => `given: a namespace described as "${namespace}"`),
    ...Object.entries(objects)
      .filter(([id, text]) => !isKnownObject(id, text))
      .map(([id, text]) => `given.objects: ${id} described as ${JSON.stringify(text)}`),
    ...(upstream === undefined || behaviourOf(upstream) ? [] : [`given.upstream: "${upstream}"`]),
    ...(ingresses.some(({ annotations }) => /^grpcs?$/i.test(annotations['backend-protocol'] ?? '')) ? ['given: a gRPC backend'] : []),
  ]
}

function isKnownObject(id: string, text: Given['objects'][string]): boolean {
  if (typeof text !== 'string') return id.startsWith('configmap/') && !/-services$/.test(id)
  return text === 'absent' || (id.startsWith('secret/') && isKnownSecret(text))
}

/** Services that must exist, by name. */
export function serviceNames(given: Given): string[] {
  const flag = given.flags.flatMap((text) => /^--default-backend-service=(?:.*\/)?(.+)$/.exec(text)?.[1] ?? [])
  const names = [
    ...backendTexts(given).map((text) => text.split(':')[0] ?? ''),
    ...flag,
    ...given.ingresses.flatMap(({ annotations }) => annotations['default-backend'] ?? []),
  ]
  return [...new Set(names)].filter((name) => !isMissing(name) && !isExternal(name) && given.objects[`service/${name}`] === undefined)
}

/** Services whose endpoints speak TLS. */
export function tlsServices({ ingresses }: Given): string[] {
  return ingresses
    .filter(({ annotations }) => /^https$/i.test(annotations['backend-protocol'] ?? ''))
    .map(({ backend = '' }) => backend.split(':')[0] ?? '')
}

function backendTexts({ ingresses }: Given): string[] {
  return ingresses
    .flatMap(({ backend, defaultBackend, rules = [] }) => [backend, defaultBackend, ...rules.map((rule) => rule.backend)])
    .filter((text) => text !== undefined)
    .filter((text) => !text.startsWith('resource:'))
}

/** Ports on loopback: of each Service's endpoints, and of the AUTH server. */
export type Endpoints = { readonly services: ReadonlyMap<string, readonly number[]>; readonly auth: number }

/** Everything in the cluster. */
export async function manifests(given: Given, endpoints: Endpoints): Promise<object[]> {
  return [
    ...services(given, endpoints),
    ...given.ingresses.map((item, index) => givenIngress(item, index, { given, endpoints })),
    ...classes(given),
    ...await secrets(given),
    ...Object.entries(given.objects).flatMap(([id, data]) =>
      typeof data === 'string' ? [] : [configMap({ name: id.split('/')[1] ?? '', namespace: NAMESPACE }, data)],
    ),
    configMap(
      { name: SETTINGS.split('/')[1] ?? '', namespace: NAMESPACE },
      mapValues(given.configmap, (value) => resolve(value, endpoints)),
    ),
  ]
}

/** As given, after the defaults that make the program the drop-in that the format describes. */
export function flags(given: Given): string[] {
  return [
    `--controller-class=${OWN_CONTROLLER}`,
    `--configmap=${SETTINGS}`,
    ...given.flags.map((flag) => flag.replace(/\bNS\//, `${NAMESPACE}/`)),
  ]
}

/** NS, AUTH and the client's network, in values. */
function resolve(value: string, { auth }: Endpoints): string {
  return value
    .replace(/\bAUTH(:80)?\b/g, `127.0.0.1:${auth}`)
    .replace(/\bNS\//g, `${NAMESPACE}/`)
    .replace('<CIDRs containing the client>', CLIENT_CIDR)
}

function services(given: Given, { services }: Endpoints): object[] {
  const portsOf = (name: string) => [
    ...new Set(
      backendTexts(given)
        .filter((text) => text.split(':')[0] === name)
        .map((text) => text.split(':')[1] ?? '80'),
    ),
  ]
  const listed = [...services].flatMap(([name, listening]) => {
    const ports = portsOf(name).map((port, index) =>
      /^\d+$/.test(port) ? { name: `p${port}`, port: Number(port) } : { name: port, port: 8000 + index },
    )
    return service({
      metadata: { name, namespace: NAMESPACE },
      ports: ports.length > 0 ? ports : [{ name: 'p80', port: 80 }],
      endpoints: listening,
    })
  })
  const external = [...new Set(backendTexts(given).map((text) => text.split(':')[0] ?? ''))].filter(isExternal)
  const spec = { type: 'ExternalName', externalName: 'localhost' }
  return [...listed, ...external.map((name) => ({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: NAMESPACE }, spec }))]
}

function givenIngress(item: GivenIngress, index: number, { given, endpoints }: { given: Given; endpoints: Endpoints }): object {
  const twins = given.ingresses.filter(({ name, host }) => name === undefined && host === item.host).length
  const name = item.name ?? (item.host && twins === 1 ? item.host.replace('*', 'wildcard') : `ingress-${index}`)
  const annotations = Object.fromEntries(
    Object.entries(item.annotations).map(([key, value]) => [`nginx.ingress.kubernetes.io/${key}`, resolve(value, endpoints)]),
  )
  const legacyClass = item.annotation_class === undefined ? {} : { 'kubernetes.io/ingress.class': item.annotation_class }
  const creationTimestamp = new Date(EPOCH_MS + index * 1000).toISOString().replace('.000', '')
  const tls = item.tls && [item.tls].flat().map(({ hosts, secret }) => ({ ...(hosts && { hosts }), ...(secret && { secretName: secret }) }))
  return ingress({
    metadata: { name, namespace: item.namespace ?? NAMESPACE, annotations: { ...annotations, ...legacyClass }, creationTimestamp },
    ...(item.ingressClassName !== null && { className: className(item.ingressClassName) }),
    ...(item.defaultBackend && { defaultBackend: backend(item.defaultBackend) }),
    ...(tls && { tls }),
    rules: rules(item),
  })
}

function rules(item: GivenIngress): Rule[] {
  if (item.rules) return item.rules.map(({ host, path, pathType, backend }) => rule({ host, pathType, backend, paths: [path] }))
  return item.backend === undefined
    ? []
    : [rule({ host: item.host, pathType: item.pathType, backend: item.backend, paths: item.paths ?? [item.path] })]
}

type RuleText = {
  host: string | undefined
  pathType: string | undefined
  backend: string | undefined
  paths: readonly (string | undefined)[]
}

function rule({ host, pathType = 'Prefix', backend: target, paths }: RuleText): Rule {
  const named = host ? { host } : {}
  return target === undefined ? named : { ...named, paths: paths.map((path = '/') => ({ path, pathType, backend: givenBackend(target) })) }
}

/** `svc:80`, or `resource: api.group/Kind/name`. */
function givenBackend(text: string): Backend {
  const resource = /^resource: *([^/]+)\/([^/]+)\/(.+)$/.exec(text)
  return resource ? { resource: { apiGroup: resource[1] ?? '', kind: resource[2] ?? '', name: resource[3] ?? '' } } : backend(text)
}

/** `own class`, `name`, or `name (controller x)`. */
function className(text = 'own class'): string {
  return text === 'own class' ? OWN_CLASS : (text.split(' ')[0] ?? '')
}

function classes({ ingresses }: Given): object[] {
  const others = ingresses.flatMap(({ ingressClassName: text }) => (text && className(text) !== OWN_CLASS ? [text] : []))
  return [
    ingressClass(OWN_CLASS, OWN_CONTROLLER),
    ...[...new Set(others)].map((text) => ingressClass(className(text), /\(controller (.+)\)/.exec(text)?.[1] ?? OTHER_CONTROLLER)),
  ]
}

function mapValues(record: Readonly<Record<string, string>>, to: (value: string) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, to(value)]))
}
