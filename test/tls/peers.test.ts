// Clients that people use, against hosts with and without client certificates: curl, and Debian's Chromium, which verifies as browsers do.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Chromium, missing } from './chromium.ts'
import { authority, client, DOMAIN, open, type Scene } from './scene.ts'

const isCi = process.env.CI === 'true'
const PEER_MS = 120_000
let scene: Scene
const folder = mkdtempSync(join(tmpdir(), 'lintel-peers-'))
const file = (name: string, text: string) => { writeFileSync(join(folder, name), text); return join(folder, name) }
beforeAll(async () => {
  scene = await open({ 'log-format-upstream': 'seen $host $server_protocol $status' })
})
afterAll(async () => {
  await scene.close()
  rmSync(folder, { recursive: true, force: true })
})
const url = (host: string) => `https://${host}.${DOMAIN}:${scene.program.https}/`
/** In clear of whatever the client says of itself: what the proxy logged. */
const logged = (host: string, protocol: string, status: number) =>
  scene.program.when(() => scene.program.stdout.some((line) => line.startsWith(`seen ${host}.${DOMAIN}`) && line.endsWith(` ${protocol} ${status}`)), 5_000)

const hasCurl = Bun.which('curl') !== null
if (!hasCurl && !isCi) console.log('curl is not installed: what it sees of our TLS is not looked at')
describe.skipIf(!hasCurl && !isCi)('curl', () => {
  /** `status version body`, or the exit code of curl. */
  const curl = async (host: string, ...args: readonly string[]) => {
    const child = Bun.spawn(['curl', '-sS', '--cacert', file('authority.pem', authority), '--connect-to', '::127.0.0.1:', '-o', '/dev/null', '-w', '%{http_code} %{http_version}', ...args, url(host)], { stdout: 'pipe', stderr: 'pipe' })
    const out = await new Response(child.stdout).text()
    return await child.exited === 0 ? out : child.exitCode
  }
  const shows = () => ['--cert', file('client.pem', client.cert), '--key', file('client.key', client.key)]
  test('HTTP/2, and the chain is good', async () => { expect(await curl('plain')).toBe('200 2') })
  test('HTTP/1.1', async () => { expect(await curl('plain', '--http1.1')).toBe('200 1.1') })
  test.each(['1.2', '1.3'])('TLS %s alone', async (version) => { expect(await curl('plain', `--tlsv${version}`, '--tls-max', version)).toBe('200 2') })
  test('RSA', async () => { expect(await curl('rsa', '--tls-max', '1.2', '--ciphers', 'ECDHE-RSA-AES128-GCM-SHA256')).toBe('200 2') })
  test('a client certificate, and none', async () => { expect([await curl('mutual', ...shows()), await curl('mutual')]).toEqual(['200 2', '400 2']) })
  test('another authority is not trusted by it', async () => { expect(await curl('plain', '--cacert', file('other.pem', client.cert))).toBe(60) })
})

if (missing.length > 0 && !isCi) console.log(`${missing.join(', ')} not installed: what Chromium sees of our TLS is not looked at`)
describe.skipIf(missing.length > 0 && !isCi)('Chromium', () => {
  let browser: Chromium
  let stranger: Chromium
  const policy = '/etc/chromium/policies/managed/lintel-test.json'
  const allowed = process.getuid?.() === 0
  beforeAll(async () => {
    browser = await Chromium.create({ trusted: authority, client })
    stranger = await Chromium.create({ trusted: authority })
    if (!allowed) return
    mkdirSync('/etc/chromium/policies/managed', { recursive: true })
    // Without it a browser asks its user which certificate to show.
    writeFileSync(policy, JSON.stringify({ AutoSelectCertificateForUrls: [JSON.stringify({ pattern: `https://[*.]${DOMAIN}`, filter: {} })] }))
  }, PEER_MS)
  afterAll(() => {
    browser.close()
    stranger.close()
    if (existsSync(policy)) rmSync(policy)
  })
  test('HTTP/2, and the chain is good', async () => {
    expect(await browser.page(url('plain'))).toContain(`plain.${DOMAIN}`)
    expect(await logged('plain', 'HTTP/2.0', 200)).toBe(true)
  }, PEER_MS)
  test('a certificate of nobody that it knows is refused', async () => { expect(await browser.page(`https://nobody.else:${scene.program.https}/`)).not.toContain('served_by') }, PEER_MS)
  test.skipIf(!allowed && !isCi)('a client certificate', async () => {
    expect(await browser.page(url('mutual'))).toContain('SUCCESS')
    expect(await logged('mutual', 'HTTP/2.0', 200)).toBe(true)
  }, PEER_MS)
  test('no client certificate', async () => { expect(await stranger.page(url('mutual'))).toContain('400 Bad Request') }, PEER_MS)
})
