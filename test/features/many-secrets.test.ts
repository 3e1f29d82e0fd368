// 5,000 Secrets of which 100 are broken, through the program: each broken one is an issue that names it, its host is answered all the same, and
// every other host has its certificate.
import { expect, test } from 'bun:test'
import { certificate } from '../support/certificate.ts'
import { echoUpstream } from '../support/echo.ts'
import { backend, ingress, secret, tlsSecret } from '../support/manifests.ts'
import { start } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'
import { app, ask, echoed, issues, metric, resources } from './scene.ts'

const keep = resources()
const COUNT = 5_000
const BROKEN_EACH = 50
/** Making keys is the slow part. */
const KEYPAIRS = 20
const hostOf = (at: number) => `h${at}.k${at % KEYPAIRS}.example`

test(`${COUNT} Secrets, every ${BROKEN_EACH}th broken`, async () => {
  const pairs = await Promise.all(Array.from({ length: KEYPAIRS }, (_, at) => certificate({ names: [`*.k${at}.example`] })))
  const fallback = await certificate({ names: ['fallback.example'] })
  const ways = [{ 'tls.crt': 'junk', 'tls.key': 'junk' }, { 'tls.crt': '', 'tls.key': '' }, { 'tls.crt': pairs[0]!.cert, 'tls.key': pairs[1]!.key }, { 'tls.crt': pairs[0]!.cert.slice(0, 300), 'tls.key': pairs[0]!.key }]
  const manifests = Array.from({ length: COUNT }, (_, at) => {
    const name = `c${at}`
    const ours = at % BROKEN_EACH === 0 ? secret({ name }, ways[at / BROKEN_EACH % ways.length]!, 'kubernetes.io/tls') : tlsSecret({ name }, pairs[at % KEYPAIRS]!)
    return [ours, ingress({ metadata: { name }, tls: [{ hosts: [hostOf(at)], secretName: name }], rules: [{ host: hostOf(at), paths: [{ backend: backend('app') }] }] })]
  }).flat()
  const program = await keep(start({ flags: ['--default-ssl-certificate=default/fallback'], manifests: [...app('app', await keep(echoUpstream())), tlsSecret({ name: 'fallback' }, fallback), ...manifests] }))
  const found = (await issues(program)).filter(({ object }) => object.startsWith('Secret '))
  expect(found.map(({ object }) => object).toSorted()).toEqual(Array.from({ length: COUNT / BROKEN_EACH }, (_, at) => `Secret default/c${at * BROKEN_EACH}`).toSorted())
  for (const { field, reason } of found) expect([field, /it is not served until it is mended$/.test(reason)]).toEqual(['data', true])
  for (const at of [0, 1, 49, 50, 51, 2_500, 2_501, 4_950, 4_999]) {
    const { socket } = await keep(rawClient(program.https, { tls: { servername: hostOf(at) } }))
    if ('getPeerCertificate' in socket) expect(socket.getPeerCertificate().subjectaltname).toBe(`DNS:${at % BROKEN_EACH === 0 ? 'fallback.example' : `*.k${at % KEYPAIRS}.example`}`)
    expect(echoed(await ask(program.https, { host: hostOf(at), tls: { servername: hostOf(at) } })).method).toBe('GET')
  }
  expect(await metric(program, 'lintel_tls_handshakes_failed_total')).toBe(0)
}, 60_000)
