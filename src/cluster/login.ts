// Who we are at an API server, and the reading of what proves it. Knows no kubeconfig and no requests.
import { readFileSync } from 'node:fs'

/** As fetch takes it. headers: with the token. */
export type Access = {
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string; readonly passphrase?: string; readonly serverName?: string; readonly rejectUnauthorized?: boolean }
  readonly headers: Readonly<Record<string, string>>
  readonly proxy: string | undefined
}

/** server: without a slash at the end. read: rejects where a file, or a plugin that must be asked, has nothing. */
export type Credentials = { readonly server: string; read(): Promise<Access> }

/** What stands there, or in a file, which may come to say something else. */
export type Material = { readonly text: string } | { readonly file: string }

export type Server = {
  readonly address: string
  readonly ca?: Material
  readonly serverName?: string
  readonly isUnverified?: boolean
  readonly proxy?: string
}
export type User = {
  readonly cert?: Material
  readonly key?: Material
  readonly token?: Material
  readonly basic?: { readonly username: string; readonly password: string }
  /** Somebody else, as whom we act. */
  readonly as?: string
}

/** Files are read for each request, so that a rotated token, certificate or CA is used at once. Throws where one can't be read. */
export function accessOf(server: Server, user: User): Access {
  const { serverName, isUnverified, proxy } = server
  return {
    tls: {
      ...textOf('ca', server.ca),
      ...textOf('cert', user.cert),
      ...textOf('key', user.key),
      ...serverName !== undefined && { serverName },
      ...isUnverified === true && { rejectUnauthorized: false },
    },
    headers: headersOf(user),
    proxy,
  }
}

function headersOf({ token, basic, as }: User): Record<string, string> {
  const headers: Record<string, string> = {}
  if (basic !== undefined) headers['Authorization'] = `Basic ${btoa(`${basic.username}:${basic.password}`)}`
  if (token !== undefined) headers['Authorization'] = `Bearer ${read(token).trim()}`
  if (as !== undefined) headers['Impersonate-User'] = as
  return headers
}

/** Bun takes no undefined fields. */
const textOf = (name: 'ca' | 'cert' | 'key', material: Material | undefined) => (material === undefined ? {} : { [name]: read(material) })
const read = (material: Material): string => ('text' in material ? material.text : readFileSync(material.file, 'utf8'))
