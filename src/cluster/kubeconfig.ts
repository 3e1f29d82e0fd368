// Where the API server is and who we are there: from flags, the pod's service account, or a kubeconfig. Knows no requests.
import { existsSync, readFileSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { StartError } from '../kube/start-error.ts'
import { authPlugin } from './auth-plugin.ts'
import { readKubeconfig } from './kubeconfig-file.ts'
import { accessOf, type Credentials, type Server, type User } from './login.ts'

/** The flags that name a cluster. */
export type ClusterFlags = { readonly kubeconfig: string; readonly apiserverHost: string; readonly certificateAuthority: string }
type Environment = Readonly<Record<string, string | undefined>>

/** Throws StartError where no cluster is named, or the one named can't be understood. */
export function credentials(flags: ClusterFlags, environment: Environment): Credentials {
  if (flags.kubeconfig !== '') return ofFile(flags.kubeconfig, '--kubeconfig')
  if (flags.apiserverHost !== '') return ofAddress(flags)
  if (environment['KUBERNETES_SERVICE_HOST'] !== undefined) return ofPod(environment)
  const usual = environment['KUBECONFIG']?.split(':').find((path) => path !== '') ?? join(homedir(), '.kube', 'config')
  if (existsSync(usual)) return ofFile(usual, 'KUBECONFIG')
  throw new StartError('nothing to serve: this is no pod and there is no kubeconfig; give --kubeconfig FILE, or --manifests DIR to serve a folder')
}

function ofAddress({ apiserverHost, certificateAuthority }: ClusterFlags): Credentials {
  const address = apiserverHost.includes('://') ? apiserverHost : `http://${apiserverHost}`
  if (!URL.canParse(address)) throw new StartError(`--apiserver-host: "${apiserverHost}" is no address: write it as https://HOST:PORT`)
  return loginAt({ address, ...certificateAuthority !== '' && { ca: { file: certificateAuthority } } }, {})
}

function ofFile(path: string, origin: string): Credentials {
  try {
    const { server, user, plugin } = readKubeconfig(path)
    const plain = loginAt(server, user)
    if (plugin === null) return plain
    const ask = authPlugin(plugin)
    return {
      ...plain,
      read: async () => {
        const [access, proof] = [await plain.read(), await ask()]
        return { ...access, tls: { ...access.tls, ...proof.tls }, headers: { ...access.headers, ...proof.headers } }
      },
    }
  } catch (error) {
    throw new StartError(`${origin}: ${path} can't be used (${error instanceof Error ? error.message : String(error)}): check that it is a kubeconfig`)
  }
}

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

function ofPod({ KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '443' }: Environment): Credentials {
  const token = { file: join(ACCOUNT, 'token') }
  try {
    readFileSync(token.file)
  } catch (error) {
    throw new StartError(`the pod's service account can't be used (${error instanceof Error ? error.message : String(error)}): see automountServiceAccountToken`)
  }
  return loginAt({ address: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`, ca: { file: join(ACCOUNT, 'ca.crt') } }, { token })
}

const loginAt = (server: Server, user: User): Credentials => ({ server: server.address.replace(/\/+$/, ''), read: async () => accessOf(server, user) })
