// The reference of annotations and ConfigMap keys, written from the schemas that read them: `bun src/table/readme.ts`.
// Knows nothing of building tables.
import { COMPRESSED_AT_ONCE } from '../settings/compression-keys.ts'
import { configMap } from '../settings/config-map.ts'
import { type InactiveKey, inactiveKeys } from '../settings/inactive-keys.ts'
import { annotationSchema } from './annotations.ts'
import { annotationDifferences, type Difference, keyDifferences } from './differences.ts'
import { inactiveAnnotations } from './inactive-annotations.ts'

type Inactive = { readonly about: string; readonly why?: string; readonly protects?: true }

export function readme(): string {
  const inactive = Object.entries(inactiveAnnotations)
  return `# Annotations and ConfigMap keys

Written by \`bun src/table/readme.ts\` from the schemas; a test fails when it is stale. Names, meanings and defaults are
ingress-nginx's. Nothing is ignored in silence: each value that is wrong, unknown or without effect is an issue (in the log, on
\`/issues\` of the admin port) that names the object, the field and the remedy. A bad value leaves the default in force.

How this folder works: \`build.ts\` is the way in. An Ingress is compiled alone (\`ingress.ts\`: annotations, paths, policies), hosts
gather what their Ingresses want (\`host.ts\`: conflicts, order), backends what their Services have (\`backends.ts\`), certificates
what their Secrets hold (\`certificates.ts\`). \`ingresses.ts\`, \`hosts.ts\` and \`backend-set.ts\` remember results by identity.

## Annotations

Prefix: \`nginx.ingress.kubernetes.io/\` (\`--annotations-prefix\`). An annotation acts on its own Ingress and on no other; with
\`use-regex\` or \`rewrite-target\` ingress-nginx changes every path of the host.

${table(['annotation', 'what it does'], annotations())}

### Other than in ingress-nginx

What \`lintel report\` tells of those that act.

${table(['annotation', 'where', 'what is different'], differences(annotationDifferences))}

### Not supported yet, and protecting

Their Ingress answers 503 on all its routes, never unprotected.

${table(['annotation', 'about'], inactive.filter(([, one]) => one.protects).map(row))}

### Not supported yet

${table(['annotation', 'about'], inactive.filter(([, one]) => isLater(one)).map(row))}

### Without effect here

${table(['annotation', 'about', 'why'], inactive.filter(([, one]) => one.why !== undefined).map(rowWithReason))}

## ConfigMap keys

Of the ConfigMap that \`--configmap\` names. A change is live at once. Times without a unit are seconds; \`75s\`, \`2m\`, \`500ms\` are
taken too. Sizes take \`k\`, \`m\`, \`g\`.

${table(['key', 'default', 'what it does'], keys())}

${[COMPRESSION, ERROR_PAGES].join('\n')}
### Other than in ingress-nginx

${table(['key', 'where', 'what is different'], differences(keyDifferences))}

### Not supported yet

${table(['key', 'default of ingress-nginx', 'about'], keysWhere(isLater).map(rowWithDefault))}

### Without effect here

${table(['key', 'about', 'why'], keysWhere((one) => one.why !== undefined).map(rowWithReason))}
`
}

const ERROR_PAGES = `### Error pages

An answer, or an error of our own, whose status is one of \`custom-http-errors\` is replaced by what the default backend answers: that of the annotation, else of \`--default-backend-service\`.
It gets the method with the path \`/\`, no body, and X-Code (the status), X-Format (the client's Accept), X-Original-URI, X-Namespace, X-Ingress-Name, X-Service-Name, X-Service-Port and
X-Request-ID; its status and body are the client's. Where it has no endpoint, the answer goes on as it is (in ingress-nginx as 404). With the annotation \`default-backend\` it also gets the
requests for a Service without endpoints, as they are, with X-Code 503. Not replaced: what is refused before its host is known, and a body that breaks off or grows too large on its way.
`

const COMPRESSION = `### Compression

\`use-gzip\`, \`enable-brotli\` and \`enable-zstd\` each switch on a coding; the annotation \`lintel.dev/compression\` names those of an Ingress. A client gets what its
Accept-Encoding likes best; of equals the first of zstd, br, gzip, or of the annotation. Whatever could be compressed for somebody says \`Vary: Accept-Encoding\`; what
is has a weak ETag, no Accept-Ranges and no digests of its octets. Left alone: answers that have a Content-Encoding or \`Cache-Control: no-transform\` (nginx compresses those), parts,
204, HTTP/1.0, gRPC, answers of our own. Answers of every status are compressed, in nginx 200, 403 and 404 alone. What an endpoint sends is flushed when it has been read, so that events (with
\`text/event-stream\` among the types) and slow pages come at once. At most ${COMPRESSED_AT_ONCE} answers of a worker are compressed at a time, each taking about 1 MiB; more go as they are.

Compression of secrets together with what a client sent tells their octets to who watches lengths (BREACH): keep it off, with \`lintel.dev/compression: "off"\`, where answers
over TLS mirror requests and hold tokens that do not change. High levels cost every request of a worker its time: Brotli 11 needs two seconds for a mebibyte, zstd 3 four milliseconds.
`

function annotations(): string[][] {
  return Object.entries(annotationSchema.shape).map(([name, schema]) => [code(name), schema.description ?? ''])
}

function differences(rows: Readonly<Record<string, Difference>>): string[][] {
  return Object.entries(rows).map(([name, { only, sharedHost, how }]) => {
    const where = sharedHost === true ? 'the host has paths of other Ingresses' : only === undefined ? '' : `the value matches ${code(only.source)}`
    return [code(name), where, how]
  })
}

function keys(): string[][] {
  return Object.entries(configMap.shape).map(([name, schema]) => [code(name), code(String(schema.def.defaultValue)), schema.description ?? ''])
}

function keysWhere(isWanted: (one: Inactive) => boolean) {
  return Object.entries(inactiveKeys).filter(([, one]) => isWanted(one))
}

function isLater({ why, protects }: Inactive): boolean {
  return why === undefined && protects === undefined
}

function row([name, { about }]: readonly [string, Inactive]): string[] {
  return [code(name), about]
}

function rowWithDefault([name, key]: readonly [string, InactiveKey]): string[] {
  return [code(name), code(key.default), key.about]
}

function rowWithReason([name, { about, why = '' }]: readonly [string, Inactive]): string[] {
  return [code(name), about, why]
}

function code(text: string): string {
  return text === '' ? '' : `\`${text}\``
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

if (import.meta.main) await Bun.write(new URL('README.md', import.meta.url), readme())
