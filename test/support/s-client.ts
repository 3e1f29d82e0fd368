// openssl s_client: one handshake, and what it says of it. Knows nothing of the proxy.
import { X509Certificate } from 'node:crypto'

const COMMAND = 'openssl'
export const hasOpenssl = Bun.which(COMMAND) !== null

/** `` where it said nothing of it. names: of the certificate shown. alert: of the peer. */
export type Handshake = {
  readonly version: string
  readonly cipher: string
  readonly resumed: boolean
  readonly signature: string
  readonly curve: string
  readonly alpn: string
  readonly names: string
  readonly alert: string
  readonly text: string
}

/** args: as of s_client. Security level 0, so that it is the proxy that refuses old versions and ciphers. */
export async function handshake(port: number, args: readonly string[] = [], input = ''): Promise<Handshake> {
  const child = Bun.spawn([COMMAND, 's_client', '-connect', `127.0.0.1:${port}`, ...args], { stdin: new Blob([input]), stdout: 'pipe', stderr: 'pipe', env: { ...process.env, OPENSSL_CONF: '/dev/null' } })
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  await child.exited
  const text = out + err
  const first = (pattern: RegExp) => pattern.exec(text)?.[1]?.trim() ?? ''
  const session = /(New|Reused), (TLSv[\d.]+), Cipher is (\S+)/.exec(text)
  return {
    version: first(/^\s*Protocol\s*: (\S+)/m) || session?.[2] || '', cipher: session?.[3] ?? '', resumed: session?.[1] === 'Reused', signature: first(/Peer signature type: (\S+)/),
    curve: first(/Server Temp Key: (?:ECDH, )?([\w-]+)/), alpn: first(/ALPN protocol: (\S+)/), names: namesIn(out), alert: first(/ssl3_read_bytes:(?:(?:tls|ssl)v\d+ )?(?:alert )?([a-z ]+):/), text,
  }
}

function namesIn(text: string): string {
  const pem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(text)?.[0]
  if (pem === undefined) return ''
  return (new X509Certificate(pem).subjectAltName ?? '').replaceAll('DNS:', '')
}
