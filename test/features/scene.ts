// What feature tests share: resources that end with their file, one request and its answer, the program's own word about itself.
// Knows the admin port's JSON and the echo's, nothing of the source.
import { afterAll } from 'bun:test'
import { z } from 'zod'
import type { Echo } from '../support/echo.ts'
import type { FieldLine, ResponseMessage } from '../support/http1.ts'
import { backend, configMap, ingress, service, type Metadata } from '../support/manifests.ts'
import { toYaml, type Program } from '../support/program.ts'
import { rawClient, type TlsOptions } from '../support/raw-client.ts'
import { until } from '../support/until.ts'

type Closable = { stop?(): unknown; close?(): unknown; destroy?(): unknown }

/** Call at the top of a test file: what is passed to the result is closed after the file's tests, the youngest first. */
export function resources(): <T extends Closable>(opened: T | Promise<T>) => Promise<T> {
  const kept: Closable[] = []
  afterAll(async () => {
    const codes: unknown[] = []
    for (const each of kept.toReversed()) codes.push(await (each.stop?.() ?? each.close?.() ?? each.destroy?.()))
    if (codes.includes(null)) throw new Error('a program had to be killed: SIGTERM did not end it in time')
  })
  return async (opened) => {
    const resource = await opened
    kept.push(resource)
    return resource
  }
}

export type Asked = {
  readonly method?: string
  readonly target?: string
  readonly host?: string
  readonly fields?: readonly FieldLine[]
  readonly body?: string
}

/** A request as it goes out; a body gets its Content-Length. */
export function requestText({ method = 'GET', target = '/', host = 'app.example', fields = [], body = '' }: Asked = {}): string {
  const length: FieldLine[] = body === '' ? [] : [['Content-Length', String(body.length)]]
  const lines = [['Host', host] as const, ...length, ...fields].map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body}`
}

/** One request on a connection of its own. Rejects when no answer came. */
export async function ask(port: number, asked: Asked & { readonly tls?: TlsOptions } = {}): Promise<ResponseMessage> {
  const client = await rawClient(port, asked.tls ? { tls: asked.tls } : {})
  try {
    client.send(requestText(asked), [asked.method ?? 'GET'])
    const response = await client.response()
    if (!response) throw new Error(`no answer to ${JSON.stringify(asked)}`)
    return response
  } finally {
    client.destroy()
  }
}

const echoBody = z.object({
  served_by: z.string(), method: z.string(), path: z.string(), proto: z.string(), headers: z.array(z.tuple([z.string(), z.string()])),
  body: z.string(), body_bytes: z.number(), trailers: z.array(z.tuple([z.string(), z.string()])),
})

/** The request as the echo received it; an error that shows the answer when it is not the echo's. */
export function echoed(response: ResponseMessage | undefined): z.output<typeof echoBody> {
  if (response?.status !== 200) throw new Error(`not the echo: ${response?.status} ${response?.body}`)
  return seenByEcho(response.body)
}
/** Of the body of its answer. */
export const seenByEcho = (body: string) => echoBody.parse(JSON.parse(body))

/** Who answered: the echo's name, or the status of the proxy's own answer. */
export function server({ status, fields }: ResponseMessage): string | number {
  return fields.find(([name]) => name.toLowerCase() === 'x-served-by')?.[1] ?? status
}

const issuesBody = z.object({ issues: z.array(z.object({ object: z.string(), field: z.string(), reason: z.string() })) })
export async function issues(program: Program) {
  return issuesBody.parse(await program.get('/issues')).issues
}

const tableBody = z.object({ version: z.number(), workers: z.array(z.object({ id: z.number(), version: z.number().nullable() })) })
/** Makes a change and waits until every worker serves a newer table. */
export async function applied(program: Program, change: () => void): Promise<void> {
  const before = await program.version()
  change()
  await until('all workers serve the change', async () => {
    const { version, workers } = tableBody.parse(await program.get('/table'))
    return version > before && workers.every((worker) => worker.version === version)
  })
}

/** For `start`: the ConfigMap that `configure` writes. */
export const CONFIGURED = '--configmap=default/settings'
/** Puts these keys, and no others, into the ConfigMap; resolves when they hold everywhere. They must differ from those before. */
export async function configure(program: Program, data: Readonly<Record<string, string>>): Promise<void> {
  await applied(program, () => program.write('settings.yaml', toYaml([configMap({ name: 'settings' }, data)])))
}

const SAMPLE = /^(\w+)(?:\{(.*)\})? (\S+)$/
/** Sum of a metric's samples whose labels contain `labels`, such as `reason="denied"`. */
export async function metric(program: Program, name: string, labels = ''): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${program.admin}/metrics`)).text()
  const samples = text.split('\n').map((line) => SAMPLE.exec(line)).filter((sample) => sample?.[1] === name && (sample[2] ?? '').includes(labels))
  return samples.reduce((sum, sample) => sum + Number(sample?.[3]), 0)
}

/** A Service with port 80 in front of echoes, or of any ports of loopback. */
export function app(name: string, ...endpoints: readonly (Pick<Echo, 'port'>)[]): object[] {
  return service({ metadata: { name }, ports: [{ name: 'http', port: 80 }], endpoints: endpoints.map(({ port }) => port) })
}

/** An Ingress with one rule. */
export function route({ to, host = 'app.example', path = '/', pathType = 'Prefix', ...metadata }: Partial<Metadata> & { to: string; host?: string; path?: string; pathType?: string }): object {
  return ingress({ metadata: { name: to, ...metadata }, rules: [{ host, paths: [{ path, pathType, backend: backend(to) }] }] })
}
