// Certificates by the thousand: what it takes to load them, and that bad ones among them cost themselves only.
// `bun test/tls/certificates.ts [p256|rsa] [rounds]` prints the figures beside the promise. Numbers of a busy machine say little: run it alone.
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

/** megabytes: held, after a collection; atOnce: before it, with what the engine has not cleared away yet. */
export type Figures = { readonly cpuMs: number; readonly megabytes: number; readonly atOnce: number; readonly build: Build }

const ROUNDS = 5

/** What the Secrets add to a table of so many hosts: the median of some rounds, each with a builder that remembers nothing. */
export async function loaded(kind: NonNullable<CertificateOptions['kind']>, rounds = ROUNDS): Promise<Figures> {
  const objects = await manyHosts(kind)
  const without = { ...objects, Secret: new Map() }
  cost(() => builder(options()).full(without)) // the engine's own warming up
  const all = Array.from({ length: rounds }, () => {
    const base = cost(() => builder(options()).full(without))
    const full = cost(() => builder(options()).full(objects))
    return { cpuMs: full.cpuMs - base.cpuMs, megabytes: full.megabytes - base.megabytes, atOnce: full.atOnce - base.atOnce, build: full.result }
  })
  return all.toSorted((one, other) => one.cpuMs - other.cpuMs)[rounds >> 1]!
}

function cost<T>(work: () => T): { readonly cpuMs: number; readonly megabytes: number; readonly atOnce: number; readonly result: T } {
  Bun.gc(true)
  const before = process.memoryUsage.rss()
  const start = process.cpuUsage()
  const result = work()
  const { user, system } = process.cpuUsage(start)
  const atOnce = grown(before)
  Bun.gc(true)
  return { cpuMs: (user + system) / 1000, atOnce, megabytes: grown(before), result }
}
const grown = (before: number) => (process.memoryUsage.rss() - before) / 1e6

if (import.meta.main) {
  const { cpuMs, megabytes, atOnce } = await loaded(process.argv[2] === 'rsa' ? 'rsa' : 'p256', Number(process.argv[3] ?? ROUNDS))
  console.log(`${COUNT} certificates, ${BROKEN} of them broken: ${cpuMs.toFixed(0)} ms CPU (promise ${PROMISES.ms}), ${megabytes.toFixed(1)} MB held, ${atOnce.toFixed(1)} at once (promise ${PROMISES.megabytes})`)
}
