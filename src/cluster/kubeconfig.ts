// Where the API server is and who we are there: from flags, the pod's service account, or a kubeconfig. Knows no requests.
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { RequestOptions } from 'node:https'
import { KubeConfig } from '@kubernetes/client-node'
import { parse } from 'yaml'
import { StartError } from '../kube/start-error.ts'

/** The flags that name a cluster. */
export type ClusterFlags = { readonly kubeconfig: string; readonly apiserverHost: string; readonly certificateAuthority: string }
type Environment = Readonly<Record<string, string | undefined>>

/** As fetch takes it. headers: with the token. */
export type Access = {
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string; readonly passphrase?: string; readonly serverName?: string; readonly rejectUnauthorized?: boolean }
  readonly headers: Readonly<Record<string, string>>
  readonly proxy: string | undefined
}

/** server: without a slash at the end. */
export type Credentials = { readonly server: string; read(): Promise<Access> }

/** Throws StartError where no cluster is named, or the one named can't be understood. */
export function credentials(flags: ClusterFlags, environment: Environment): Credentials {
  const config = new KubeConfig()
  const file = load(config, flags, environment)
  const cluster = config.getCurrentCluster()
  if (cluster === null) throw new StartError(`the kubeconfig has no cluster for its context "${config.getCurrentContext()}": choose another with kubectl config use-context`)
  const tokenFile = file === null ? undefined : tokenFileIn(file, config)
  return { server: cluster.server.replace(/\/+$/, ''), read: () => readAccess(config, tokenFile) }
}

/** Returns the kubeconfig's path, null where there is none. */
function load(config: KubeConfig, flags: ClusterFlags, environment: Environment): string | null {
  const named = flags.kubeconfig || (flags.apiserverHost === '' ? '' : null)
  if (named === null) return loadAddress(config, flags)
  if (named !== '') return loadFile(config, named, '--kubeconfig')
  if (environment['KUBERNETES_SERVICE_HOST'] !== undefined) return loadPod(config)
  const usual = environment['KUBECONFIG']?.split(':').find((path) => path !== '') ?? join(homedir(), '.kube', 'config')
  if (existsSync(usual)) return loadFile(config, usual, 'KUBECONFIG')
  throw new StartError('nothing to serve: this is no pod and there is no kubeconfig; give --kubeconfig FILE, or --manifests DIR to serve a folder')
}

function loadAddress(config: KubeConfig, { apiserverHost, certificateAuthority }: ClusterFlags): null {
  const server = apiserverHost.includes('://') ? apiserverHost : `http://${apiserverHost}`
  if (!URL.canParse(server)) throw new StartError(`--apiserver-host: "${apiserverHost}" is no address: write it as https://HOST:PORT`)
  config.loadFromClusterAndUser({ name: 'flags', server, skipTLSVerify: false, ...certificateAuthority !== '' && { caFile: certificateAuthority } }, { name: 'flags' })
  return null
}

function loadFile(config: KubeConfig, path: string, origin: string): string {
  try {
    config.loadFromFile(path)
  } catch (error) {
    throw new StartError(`${origin}: ${path} can't be used (${error instanceof Error ? error.message : String(error)}): check that it is a kubeconfig`)
  }
  return path
}

function loadPod(config: KubeConfig): null {
  try {
    config.loadFromCluster()
  } catch (error) {
    throw new StartError(`the pod's service account can't be used (${error instanceof Error ? error.message : String(error)}): see automountServiceAccountToken`)
  }
  return null
}

/** client-node forgets `tokenFile` of a kubeconfig's user. */
function tokenFileIn(file: string, config: KubeConfig): string | undefined {
  const { users } = parse(readFileSync(file, 'utf8'))
  if (!Array.isArray(users)) return undefined
  return users.find((user) => user?.name === config.getCurrentUser()?.name)?.user?.tokenFile
}

async function readAccess(config: KubeConfig, namedFile: string | undefined): Promise<Access> {
  const options: RequestOptions & { servername?: string } = {}
  await config.applyToHTTPSOptions(options)
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(options.headers ?? {})) headers[name] = String(value)
  if (typeof options.auth === 'string') headers['Authorization'] = `Basic ${btoa(options.auth)}`
  // client-node keeps a pod's token for a minute, and does not trim it.
  const tokenFile: unknown = namedFile ?? config.getCurrentUser()?.authProvider?.config?.tokenFile
  if (typeof tokenFile === 'string') headers['Authorization'] = `Bearer ${readFileSync(tokenFile, 'utf8').trim()}`
  return { tls: tlsOf(options), headers, proxy: config.getCurrentCluster()?.proxyUrl }
}

/** Bun takes text only, and no undefined fields. */
function tlsOf({ ca, cert, key, passphrase, servername, rejectUnauthorized }: RequestOptions & { servername?: string }): Access['tls'] {
  return {
    ...ca !== undefined && { ca: String(ca) },
    ...cert !== undefined && { cert: String(cert) },
    ...key !== undefined && { key: String(key) },
    ...passphrase !== undefined && { passphrase },
    ...servername !== undefined && { serverName: servername },
    ...rejectUnauthorized !== undefined && { rejectUnauthorized },
  }
}
