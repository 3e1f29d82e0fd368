// The self check of TLS as a test, and settings of which it sees one value alone.
import { afterAll, describe, expect, test } from 'bun:test'
import { metric } from '../features/scene.ts'
import { handshake, hasOpenssl } from '../support/s-client.ts'
import { check } from './check.ts'
import { DOMAIN, open, type Scene } from './scene.ts'

/** Fifty handshakes, each by a process of its own. */
const CHECK_MS = 120_000
if (!hasOpenssl && process.env.CI !== 'true') console.log('openssl is not installed: what it sees of our TLS is not looked at')
const ours = describe.skipIf(!hasOpenssl && process.env.CI !== 'true')

ours('the self check', () => {
  test('has nothing bad to say', async () => {
    const verdicts = await check()
    expect(verdicts.filter(({ good }) => !good)).toEqual([])
    expect(new Set(verdicts.map(({ group }) => group)).size).toBe(8)
  }, CHECK_MS)
})

ours('settings', () => {
  const opened: Scene[] = []
  afterAll(async () => { for (const scene of opened) await scene.close() })
  const settings = async (values: Readonly<Record<string, string>>) => {
    const scene = await open(values)
    opened.push(scene)
    return scene.program
  }
  const plain = ['-servername', `plain.${DOMAIN}`]
  test('ssl-ecdh-curve', async () => {
    const { https } = await settings({ 'ssl-ecdh-curve': 'secp384r1:prime256v1' })
    expect((await handshake(https, plain)).curve).toBe('secp384r1')
    expect((await handshake(https, [...plain, '-curves', 'P-256'])).curve).toBe('prime256v1')
    expect((await handshake(https, [...plain, '-curves', 'X25519'])).alert).toContain('handshake failure')
  })
  test.each(['-tls1_2', '-tls1_3'])('ssl-session-cache off: no ticket (%s)', async (flag) => {
    const page = `GET / HTTP/1.1\r\nHost: plain.${DOMAIN}\r\nConnection: close\r\n\r\n`
    const args = [...plain, flag, '-ign_eof']
    expect((await handshake((await settings({})).https, args, page)).text).toContain('TLS session ticket:')
    expect((await handshake((await settings({ 'ssl-session-cache': 'false' })).https, args, page)).text).not.toContain('TLS session ticket:')
    expect((await handshake((await settings({ 'ssl-session-timeout': '77' })).https, args, page)).text).toMatch(/ticket lifetime hint: 77 /)
  })
  test('ssl-reject-handshake: names that nobody has get an alert, and are counted', async () => {
    const program = await settings({ 'ssl-reject-handshake': 'true' })
    expect((await handshake(program.https, plain)).names).toBe(`*.${DOMAIN}`)
    for (const args of [['-servername', 'nobody.example'], ['-noservername']]) expect(await handshake(program.https, args)).toMatchObject({ cipher: '', alert: 'unrecognized name' })
    expect(await metric(program, 'lintel_tls_handshakes_failed_total', 'reason="unknown_name"')).toBe(2)
  })
})
