// Proof of who we are by a program or a provider that a kubeconfig names (`exec`, `auth-provider`), as @kubernetes/client-node asks them.
// It is loaded for who has a plugin, and for nobody else (kubernetes.md §1). Knows no requests.
import type { RequestOptions } from 'node:https'
import type { KubeConfig } from '@kubernetes/client-node'
import type { Access } from './login.ts'

type Proof = { readonly tls: Pick<Access['tls'], 'cert' | 'key' | 'passphrase'>; readonly headers: Access['headers'] }

/** As under `users[].user` of a kubeconfig: whatever a person wrote. */
export type Plugin = { readonly exec: unknown; readonly authProvider: unknown }

/** Asks again only when what was told is over. Rejects as the plugin fails. */
export function authPlugin(plugin: Plugin): () => Promise<Proof> {
  let loaded: Promise<KubeConfig> | undefined
  return async () => proofOf(await (loaded ??= load(plugin)))
}

async function load({ exec, authProvider }: Plugin): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  // It wants a server to make an agent for, which nobody uses.
  config.loadFromClusterAndUser({ name: 'none', server: 'https://none', skipTLSVerify: false }, { name: 'plugin', exec, authProvider })
  return config
}

async function proofOf(config: KubeConfig): Promise<Proof> {
  const options: RequestOptions = {}
  await config.applyToHTTPSOptions(options)
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(options.headers ?? {})) headers[name] = String(value)
  const { cert, key, passphrase } = options
  return {
    tls: { ...cert !== undefined && { cert: String(cert) }, ...key !== undefined && { key: String(key) }, ...passphrase !== undefined && { passphrase } },
    headers,
  }
}
