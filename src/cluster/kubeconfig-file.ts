// A kubeconfig → the server and the user of its current context. Knows no requests, and of plugins only that there is one.
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import type { Plugin } from './auth-plugin.ts'
import type { Material, Server, User } from './login.ts'

const text = z.string().nullish()
const clusterSchema = z.object({
  server: z.string().min(1),
  'certificate-authority': text,
  'certificate-authority-data': text,
  'insecure-skip-tls-verify': z.boolean().nullish(),
  'tls-server-name': text,
  'proxy-url': text,
})
const userSchema = z.object({
  'client-certificate': text,
  'client-certificate-data': text,
  'client-key': text,
  'client-key-data': text,
  token: text,
  tokenFile: text,
  username: text,
  password: text,
  as: text,
  exec: z.unknown().optional(),
  'auth-provider': z.unknown().optional(),
})
/** What others than the current context need is not looked at. */
const named = (what: string) => z.array(z.looseObject({ name: z.string(), [what]: z.unknown().optional() })).nullish()
const schema = z.object({ 'current-context': text, clusters: named('cluster'), users: named('user'), contexts: named('context') })
const contextSchema = z.object({ cluster: z.string(), user: text })

/** plugin: the program or provider that has the user's proof. */
export type KubeconfigLogin = { readonly server: Server; readonly user: User; readonly plugin: Plugin | null }

/** Throws Error with words for people where it can't be read or understood. */
export function readKubeconfig(path: string): KubeconfigLogin {
  const config = read(schema, yamlOf(path), '')
  const current = config['current-context'] ?? ''
  const context = config.contexts?.find(({ name }) => name === current)
  const chosen = context === undefined ? undefined : read(contextSchema, context['context'], `contexts "${current}".`)
  const cluster = config.clusters?.find(({ name }) => name === chosen?.cluster)
  if (cluster === undefined) throw new Error(`it has no cluster for its context "${current}": choose another with kubectl config use-context`)
  const user = config.users?.find(({ name }) => name === chosen?.user)
  const folder = dirname(path)
  const found = read(userSchema, user?.['user'] ?? {}, `users "${user?.name ?? ''}".`)
  return {
    server: serverOf(read(clusterSchema, cluster['cluster'], `clusters "${cluster.name}".`), folder),
    user: userOf(found, folder),
    plugin: isThere(found.exec) || isThere(found['auth-provider']) ? { exec: found.exec, authProvider: found['auth-provider'] } : null,
  }
}

/** The parser's message goes on with the lines around the place. */
function yamlOf(path: string): unknown {
  try {
    return parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new Error(String(error instanceof Error ? error.message : error).split('\n', 1)[0]?.replace(/:$/, ''))
  }
}

function read<S extends z.ZodType>(shape: S, raw: unknown, place: string): z.output<S> {
  const { success, data, error } = shape.safeParse(raw)
  if (success) return data
  const [issue] = error.issues
  throw new Error(`${place}${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is not valid'}`)
}

function serverOf(cluster: z.output<typeof clusterSchema>, folder: string): Server {
  const ca = materialOf(cluster['certificate-authority-data'], cluster['certificate-authority'], folder)
  return {
    address: cluster.server,
    ...ca && { ca },
    ...cluster['tls-server-name'] && { serverName: cluster['tls-server-name'] },
    ...cluster['insecure-skip-tls-verify'] && { isUnverified: true },
    ...cluster['proxy-url'] && { proxy: cluster['proxy-url'] },
  }
}

function userOf(user: z.output<typeof userSchema>, folder: string): User {
  const cert = materialOf(user['client-certificate-data'], user['client-certificate'], folder)
  const key = materialOf(user['client-key-data'], user['client-key'], folder)
  return {
    ...cert && { cert },
    ...key && { key },
    // The file goes before, as in kubectl: it may be rotated.
    ...user.token && { token: { text: user.token } },
    ...user.tokenFile && { token: { file: resolve(folder, user.tokenFile) } },
    ...user.username && { basic: { username: user.username, password: user.password ?? '' } },
    ...user.as && { as: user.as },
  }
}

/** data, in base64, goes before file, as in kubectl. */
function materialOf(data: string | null | undefined, file: string | null | undefined, folder: string): Material | undefined {
  if (data) return { text: Buffer.from(data, 'base64').toString() }
  return file ? { file: resolve(folder, file) } : undefined
}

const isThere = (value: unknown): boolean => value !== undefined && value !== null
