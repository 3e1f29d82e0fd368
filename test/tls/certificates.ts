// Certificates by the thousand: what it takes to load them, and that bad ones among them cost themselves only.
// `bun test/tls/certificates.ts [p256|rsa]` prints the figures beside the promise. Numbers of a busy machine say little: run it alone.
import type { Secret } from '../../src/kube/objects.ts'
import type { Build } from '../../src/table/build.ts'
import { builder } from '../../src/table/build.ts'
import { certificate, type CertificateOptions } from '../support/certificate.ts'
import { ingress, objectsOf, options, path } from '../table/objects.ts'

export const COUNT = 5_000
export const BROKEN = 100
/** Different keys are the slow part of making certificates; what they cost to read does not depend on it. */
const KEYPAIRS = 50
export const PROMISES = { ms: 150, megabytes: 80 } as const

/** 5,000 hosts with a Secret each, every fiftieth of which is no certificate. */
export async function manyHosts(kind: NonNullable<CertificateOptions['kind']>) {
  const pairs = await Promise.all(Array.from({ length: KEYPAIRS }, (_, at) => certificate({ names: ['*.many.example', `k${at}.example`], kind })))
  return objectsOf(Array.from({ length: COUNT }, (_, at) => {
    const { cert, key } = pairs[at % KEYPAIRS]!
    // A line of its own before the PEM: no two texts are the same, as none are in a cluster.
    const data = at % (COUNT / BROKEN) === 7 ? { 'tls.crt': `broken ${at}`, 'tls.key': key } : { 'tls.crt': `# ${at}\n${cert}`, 'tls.key': `# ${at}\n${key}` }
    const secret: Secret = { kind: 'Secret', meta: { namespace: 'default', name: `c${at}`, uid: '', annotations: {}, labels: {}, creationTimestamp: '' }, type: 'kubernetes.io/tls', data }
    const host = `h${at}.many.example`
    return [secret, { ...ingress(`i${at}`, host, [path('/', 's')]), tls: [{ hosts: [host], secretName: `c${at}` }] }]
  }).flat())
}

export type Figures = { readonly cpuMs: number; readonly megabytes: number; readonly build: Build }

/** What the Secrets add to a table of so many hosts. */
export async function loaded(kind: NonNullable<CertificateOptions['kind']>): Promise<Figures> {
  const objects = await manyHosts(kind)
  const without = { ...objects, Secret: new Map() }
  cost(() => builder(options()).full(without)) // the engine's own warming up
  const base = cost(() => builder(options()).full(without))
  const all = cost(() => builder(options()).full(objects))
  return { cpuMs: all.cpuMs - base.cpuMs, megabytes: all.megabytes - base.megabytes, build: all.result }
}

function cost<T>(work: () => T): { readonly cpuMs: number; readonly megabytes: number; readonly result: T } {
  Bun.gc(true)
  const before = process.memoryUsage.rss()
  const start = process.cpuUsage()
  const result = work()
  const { user, system } = process.cpuUsage(start)
  return { cpuMs: (user + system) / 1000, megabytes: (process.memoryUsage.rss() - before) / 1e6, result }
}

if (import.meta.main) {
  const { cpuMs, megabytes } = await loaded(process.argv[2] === 'rsa' ? 'rsa' : 'p256')
  console.log(`${COUNT} certificates, ${BROKEN} of them broken: ${cpuMs.toFixed(0)} ms CPU (promise ${PROMISES.ms}), ${megabytes.toFixed(1)} MB (promise ${PROMISES.megabytes})`)
}
