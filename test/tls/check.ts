// `npm run tls`: what our TLS offers and refuses, seen from outside by openssl: versions, ciphers, curves, ALPN, certificates, resumption, isolation of
// server names. A line and a verdict for each; exit 1 where one is bad.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { handshake, type Handshake } from '../support/s-client.ts'
import { client, DOMAIN, open } from './scene.ts'

export type Verdict = { readonly group: string; readonly what: string; readonly seen: string; readonly good: boolean }
type Look = { readonly group: string; readonly what: string; readonly host: string; readonly args?: readonly string[]; readonly wants: (seen: Handshake) => boolean }

const said = ({ version, cipher, curve, signature, alpn, names, alert, resumed }: Handshake) =>
  cipher === '' || cipher === '(NONE)' ? `refused${alert === '' ? '' : `: ${alert}`}` : [version, cipher, curve, signature, alpn === '' ? '' : `ALPN ${alpn}`, names, resumed ? 'resumed' : ''].filter((part) => part !== '').join(' ')
const failed = ({ cipher }: Handshake) => cipher === '' || cipher === '(NONE)'
/** By us: an openssl that does not know what it is to offer fails too. */
const refused = (seen: Handshake) => failed(seen) && seen.alert !== ''
const speaks = (version: string) => (seen: Handshake) => seen.version === version && !failed(seen)
const uses = (cipher: string) => (seen: Handshake) => seen.cipher === cipher

const version = (flag: string) => [flag, '-cipher', 'ALL:@SECLEVEL=0']
const versions: readonly Look[] = [
  { group: 'versions', what: 'TLS 1.3', host: 'plain', args: ['-tls1_3'], wants: speaks('TLSv1.3') },
  { group: 'versions', what: 'TLS 1.2', host: 'plain', args: ['-tls1_2'], wants: speaks('TLSv1.2') },
  { group: 'versions', what: 'TLS 1.1', host: 'plain', args: version('-tls1_1'), wants: refused },
  { group: 'versions', what: 'TLS 1.0', host: 'plain', args: version('-tls1'), wants: refused },
  { group: 'versions', what: 'TLS 1.2 of a host with 1.3 alone', host: 'modern', args: ['-tls1_2'], wants: refused },
  { group: 'versions', what: 'TLS 1.3 of it', host: 'modern', wants: speaks('TLSv1.3') },
  { group: 'versions', what: 'TLS 1.1 of a host that has it', host: 'old', args: version('-tls1_1'), wants: speaks('TLSv1.1') },
  { group: 'versions', what: 'TLS 1.3 of it', host: 'old', args: ['-tls1_3'], wants: refused },
]
const OFFERED = ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE-RSA-CHACHA20-POLY1305']
/** Only what openssl itself can offer: the refusal must be ours. */
const REFUSED = ['aNULL', 'eNULL', 'kRSA', 'AES128-SHA256', 'DHE-RSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-SHA', 'ECDHE-ECDSA-AES256-CCM8']
const SUITES = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256']
const ciphers: readonly Look[] = [
  ...SUITES.map((suite): Look => ({ group: 'ciphers', what: suite, host: 'plain', args: ['-tls1_3', '-ciphersuites', suite], wants: uses(suite) })),
  ...OFFERED.map((cipher): Look => ({ group: 'ciphers', what: cipher, host: 'both', args: ['-tls1_2', '-cipher', cipher], wants: uses(cipher) })),
  ...REFUSED.map((cipher): Look => ({ group: 'ciphers', what: `none of ${cipher}`, host: 'both', args: ['-tls1_2', '-cipher', `${cipher}:@SECLEVEL=0`], wants: refused })),
  { group: 'ciphers', what: 'our order', host: 'plain', args: ['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256'], wants: uses('ECDHE-ECDSA-AES128-GCM-SHA256') },
  { group: 'ciphers', what: 'the client\'s order', host: 'theirs', args: ['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256'], wants: uses('ECDHE-ECDSA-AES256-GCM-SHA384') },
  { group: 'ciphers', what: 'the one of ssl-ciphers', host: 'one', args: ['-tls1_2'], wants: uses('ECDHE-ECDSA-AES256-GCM-SHA384') },
  { group: 'ciphers', what: 'another one of that host', host: 'one', args: ['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-GCM-SHA256'], wants: refused },
]
const curves: readonly Look[] = [['X25519', 'X25519'], ['P-256', 'prime256v1'], ['P-384', 'secp384r1']].map(([curve = '', name = '']) =>
  ({ group: 'curves', what: curve, host: 'plain', args: ['-curves', curve], wants: (seen) => seen.curve === name }))
const alpn: readonly Look[] = [
  { group: 'ALPN', what: 'h2 goes first', host: 'plain', args: ['-alpn', 'http/1.1,h2'], wants: ({ alpn: chosen }) => chosen === 'h2' },
  { group: 'ALPN', what: 'http/1.1', host: 'plain', args: ['-alpn', 'http/1.1'], wants: ({ alpn: chosen }) => chosen === 'http/1.1' },
  { group: 'ALPN', what: 'nothing in common', host: 'plain', args: ['-alpn', 'smtp'], wants: refused },
]
const certificates: readonly Look[] = [
  { group: 'certificates', what: 'ECDSA of two', host: 'both', args: ['-tls1_2', '-sigalgs', 'ECDSA+SHA256'], wants: ({ signature }) => signature === 'ECDSA' },
  { group: 'certificates', what: 'RSA of two', host: 'both', args: ['-tls1_2', '-sigalgs', 'RSA+SHA256:rsa_pss_rsae_sha256'], wants: ({ signature }) => signature.startsWith('RSA') },
  { group: 'certificates', what: 'RSA of two, TLS 1.3', host: 'both', args: ['-tls1_3', '-sigalgs', 'rsa_pss_rsae_sha256'], wants: ({ signature }) => signature.startsWith('RSA') },
  { group: 'certificates', what: 'the whole chain', host: 'plain', args: ['-showcerts'], wants: ({ text }) => text.split('-----BEGIN CERTIFICATE').length === 3 },
  { group: 'certificates', what: 'upper case and a trailing dot', host: '', args: ['-servername', `PLAIN.${DOMAIN}.`], wants: ({ names }) => names === `*.${DOMAIN}` },
  { group: 'certificates', what: 'a name that nobody has', host: 'nobody.else', wants: ({ names }) => names === 'fallback.example' },
  { group: 'certificates', what: 'no name', host: '', args: ['-noservername'], wants: ({ names }) => names === 'fallback.example' },
]
const LOOKS = [...versions, ...ciphers, ...curves, ...alpn, ...certificates]

const nameOf = (host: string) => host.includes('.') ? `${host}.example` : `${host}.${DOMAIN}`
const named = (host: string) => host === '' ? [] : ['-servername', nameOf(host)]

async function look(port: number, { group, what, host, args = [], wants }: Look): Promise<Verdict> {
  const seen = await handshake(port, [...named(host), ...args])
  return { group, what, seen: said(seen), good: wants(seen) }
}

/** The client asks for a page, so that tickets of TLS 1.3 arrive before it leaves. */
const page = (host: string) => `GET / HTTP/1.1\r\nHost: ${nameOf(host)}\r\nConnection: close\r\n\r\n`

/** A session of the first host, offered to the second. */
async function resumption(port: number, folder: string): Promise<Verdict[]> {
  const pem = join(folder, 'client.pem')
  writeFileSync(pem, client.cert + client.key)
  const verdicts: Verdict[] = []
  for (const flag of ['-tls1_2', '-tls1_3']) for (const [from, to, resumes] of [['plain', 'plain', true], ['mutual', 'mutual', true], ['plain', 'mutual', false], ['mutual', 'plain', false], ['plain', 'one', false]] as const) {
    const session = join(folder, `${from}${flag}.pem`)
    const common = ['-ign_eof', '-cert', pem, '-key', pem, flag]
    await handshake(port, [...named(from), ...common, '-sess_out', session], page(from))
    const seen = await handshake(port, [...named(to), ...common, '-sess_in', session], page(to))
    const group = from === to ? 'resumption' : 'isolation'
    verdicts.push({ group, what: `${flag.slice(1)}: session of ${from} at ${to}`, seen: said(seen), good: seen.resumed === resumes && !failed(seen) && /HTTP\/1\.1 200/.test(seen.text) })
  }
  return verdicts
}

async function renegotiation(port: number): Promise<Verdict> {
  const seen = await handshake(port, [...named('plain'), '-tls1_2'], 'R\n')
  return { group: 'renegotiation', what: 'by the client', seen: /no renegotiation/i.test(seen.text) ? 'refused' : said(seen), good: /no renegotiation/i.test(seen.text) }
}

/** Every look at a program of its own. */
export async function check(): Promise<Verdict[]> {
  const scene = await open()
  const folder = mkdtempSync(join(tmpdir(), 'lintel-tls-'))
  try {
    const verdicts: Verdict[] = []
    for (const each of LOOKS) verdicts.push(await look(scene.program.https, each))
    return [...verdicts, ...await resumption(scene.program.https, folder), await renegotiation(scene.program.https)]
  } finally {
    await scene.close()
    rmSync(folder, { recursive: true })
  }
}

if (import.meta.main) {
  const verdicts = await check()
  for (const { group, what, seen, good } of verdicts) console.log(`${good ? 'good' : 'BAD '}  ${group.padEnd(13)}  ${what.padEnd(42)}  ${seen}`)
  const bad = verdicts.filter(({ good }) => !good).length
  console.log(`${verdicts.length} looked at, ${bad} bad`)
  process.exitCode = bad === 0 ? 0 : 1
}
