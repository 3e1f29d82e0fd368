// `lintel report` on a folder of 60 Ingresses with the annotations that ingress-nginx documents. expected.txt was written by hand from
// the reference (what each annotation, and a bad value of it, does there), not from the output.
import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { lintel } from './command.ts'

const FOLDER = join(import.meta.dir, 'report/manifests')
const assessed = z.array(z.object({ field: z.string(), value: z.string(), standing: z.string(), reason: z.string() }))
const surveyed = z.object({
  summary: z.object({ same: z.number(), differs: z.number(), closed: z.number(), 'not-served': z.number() }),
  configMap: z.object({ name: z.string(), exists: z.boolean(), keys: assessed }).nullable(),
  ingresses: z.array(z.object({ ingress: z.string(), outcome: z.string(), hosts: z.array(z.string()), annotations: assessed, notes: z.array(z.object({ field: z.string(), reason: z.string() })) })),
  others: z.array(z.object({ object: z.string(), field: z.string(), reason: z.string() })),
})
type Row = z.output<typeof surveyed>['ingresses'][number]

async function report(folder: string, ...flags: readonly string[]) {
  const { code, stdout, stderr } = await lintel(['report', '--manifests', folder, '--output=json', ...flags])
  expect(stderr).toBe('')
  return { code, ...surveyed.parse(JSON.parse(stdout)) }
}

/** As a row of expected.txt. */
const rowText = ({ ingress, outcome, annotations }: Row): string =>
  [ingress.replace('default/', ''), outcome, ...annotations.map(({ field, standing }) => `${field.replace(/^.*\//, '')}=${standing}`)].join('  ')

async function withFolder<T>(text: string, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'lintel-report-'))
  try {
    await Bun.write(join(folder, 'all.yaml'), text)
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
const ingress = (name: string, annotations: Readonly<Record<string, string>>, spec: object = {}): string => JSON.stringify({
  apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name, annotations },
  spec: { rules: [{ host: `${name}.example`, http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'app', port: { number: 80 } } } }] } }], ...spec },
})

test('60 annotated Ingresses: each row is right', async () => {
  const expected = (await Bun.file(join(import.meta.dir, 'report/expected.txt')).text()).trimEnd().split('\n')
  const { code, ingresses, summary } = await report(FOLDER)
  expect(ingresses.map(rowText)).toEqual(expected)
  expect(ingresses).toHaveLength(60)
  expect(code).toBe(1)
  expect(summary.same + summary.differs + summary.closed + summary['not-served']).toBe(60)
})

test('every annotation that is not understood has its reason, every other has none', async () => {
  const { ingresses } = await report(FOLDER)
  for (const { field, standing, reason } of ingresses.flatMap(({ annotations }) => annotations)) {
    expect({ field, hasReason: reason !== '' }).toEqual({ field, hasReason: standing !== 'understood' })
  }
})

test('keys of the ConfigMap', async () => {
  const { configMap } = await report(FOLDER, '--configmap=ingress-nginx/controller')
  expect(Object.fromEntries(configMap?.keys.map(({ field, standing }) => [field, standing]) ?? [])).toEqual({
    'proxy-body-size': 'understood', 'use-gzip': 'understood', 'use-geoip2': 'unsupported', 'server-tokens': 'understood', 'enable-brotli': 'understood', 'http-snippet': 'differs',
    'map-hash-bucket-size': 'needless', 'allow-snippet-annotations': 'needless', 'proxy-buffer-size': 'differs', 'hsts-max-age': 'differs', 'hsts-maxage': 'unknown',
  })
})

test('nothing differs: exit code 0; a protecting key closes all: 1', async () => {
  await withFolder(ingress('plain', { 'nginx.ingress.kubernetes.io/proxy-body-size': '8m' }), async (folder) => {
    expect(await report(folder)).toMatchObject({ code: 0, summary: { same: 1, differs: 0 } })
  })
  const map = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { 'block-cidrs': '192.0.2.0/24' } })
  await withFolder(`${ingress('plain', {})}\n---\n${map}`, async (folder) => {
    const found = await report(folder, '--configmap=default/settings')
    expect(found).toMatchObject({ code: 1, summary: { closed: 1 }, configMap: { keys: [{ field: 'block-cidrs', standing: 'closes' }] } })
  })
})

test('what could not be read is not served, and says why', async () => {
  await withFolder(ingress('broken', {}, { rules: [{ http: { paths: [{ path: '/', backend: { serviceName: 'app', servicePort: 80 } }] } }] }), async (folder) => {
    const { code, ingresses } = await report(folder)
    expect(code).toBe(1)
    expect(ingresses).toMatchObject([{ ingress: 'default/broken', outcome: 'not-served', notes: [{ field: expect.stringContaining('spec.rules[0]') }] }])
  })
})

test('classes: those of the flags count', async () => {
  const { ingresses } = await report(FOLDER, '--controller-class=example.com/other', '--ingress-class=other', '--watch-ingress-without-class=false')
  expect(ingresses.map(rowText)).toEqual(['of-another-class  closed  auth-url=closes'])
})

test('text: a summary, what needs a hand first, understood ones by name', async () => {
  const { code, stdout } = await lintel(['report', '--manifests', FOLDER, '--configmap=ingress-nginx/controller'])
  const lines = stdout.split('\n')
  expect(code).toBe(1)
  expect(lines[0]).toMatch(/^60 Ingresses of class nginx \(k8s.io\/ingress-nginx\): 1 not served; 7 closed, answers 503; \d+ served, but differs; \d+ as before$/)
  const heads = lines.filter((line) => line.startsWith('Ingress '))
  expect(heads[0]).toBe('Ingress default/bad-path: not served  bad-path.example')
  expect(stdout).toContain('  not supported  use-geoip2')
  expect(stdout).toContain('  understood  proxy-connect-timeout, proxy-read-timeout, proxy-send-timeout')
  expect(stdout).toMatch(/ {2}closes +auth-url +not supported yet, and it protects/)
})

test('what it can not do: one line, exit code 2', async () => {
  const missing = await lintel(['report', '--manifests', '/nowhere'])
  expect(missing).toMatchObject({ code: 2, stdout: '' })
  expect(missing.stderr).toBe('lintel report: --manifests: folder /nowhere does not exist: create it or name another\n')
  const form = await lintel(['report', '--manifests', FOLDER, '--output=yaml'])
  expect(form).toMatchObject({ code: 2, stderr: 'lintel report: --output=yaml: expected text or json\n' })
})
