// The watcher thread: joins the messages of main and of the proxy workers with the Watcher. Wiring only.
import { parentPort } from 'node:worker_threads'
import type { FromProxy, FromWatcher, ToWatcher } from '../src/channel.ts'
import type { ClusterConnection } from '../src/cluster/connection.ts'
import type { Source } from '../src/kube/objects.ts'
import { manifests } from '../src/kube/manifests.ts'
import { StartError } from '../src/kube/start-error.ts'
import type { Flags } from '../src/settings.ts'
import { builder } from '../src/table/build.ts'
import { buildOptions } from '../src/watcher/build-options.ts'
import { resolver } from '../src/watcher/dns.ts'
import { withExternalNames } from '../src/watcher/external-names.ts'
import { Watcher } from '../src/watcher/watcher.ts'

let builtAtMs = 0
const post = (message: FromWatcher): void => {
  if (message.type === 'built') builtAtMs = performance.now()
  parentPort?.postMessage(message)
}
let watcher: Watcher | undefined
/** The cluster that is served; undefined for a folder. */
let connection: ClusterConnection | undefined

/** Without a change for so long the workers have their tables, and likely none comes in the 70 ms that a collection takes. */
const REST_MS = 1000
/** What was read first is mostly garbage once it is a table, and the collector would leave it for long (bun.md §1.8). */
const tidyAtRest = () => {
  if (performance.now() - builtAtMs < REST_MS) return void setTimeout(tidyAtRest, REST_MS)
  Bun.gc(true)
  Bun.shrink()
}

const start = ({ flags, fakeCertificate }: Extract<ToWatcher, { type: 'start' }>): Watcher => {
  const started = new Watcher(builder(buildOptions(flags, fakeCertificate)), post, { audience: (found) => connection?.found(found) })
  // An unhandled rejection would end the thread with exit code 0 and no reason (bun.md §5.2).
  serve(started, flags).catch((error: unknown) => { queueMicrotask(() => { throw error }) })
  return started
}

const serve = async (started: Watcher, flags: Flags): Promise<void> => {
  try {
    const source = await sourceOf(flags)
    await started.start(flags.disableSvcExternalName ? source : withExternalNames(source, resolver()))
    tidyAtRest()
  } catch (error) {
    if (!(error instanceof StartError)) throw error
    post({ type: 'fatal', message: error.message })
  }
}

/** Who serves a folder does not load what a cluster takes. */
const sourceOf = async (flags: Flags): Promise<Source> => {
  if (flags.manifests !== null) return manifests(flags.manifests)
  const { ClusterConnection } = await import('../src/cluster/connection.ts')
  return connection = new ClusterConnection(flags, process.env)
}

const retire = async (ask: number): Promise<void> => {
  await connection?.retire()
  post({ type: 'answer', ask, json: '' })
}

const attach = (to: Watcher, { id, port }: Extract<ToWatcher, { type: 'proxy' }>): void => {
  port.on('message', (json: string) => {
    const message: FromProxy = JSON.parse(json)
    to.receive(id, message)
  })
  to.attach(id, port)
}

// In the first turn of the thread: what came before a handler stood would be lost (bun.md §5.2).
parentPort?.on('message', (message: ToWatcher) => {
  if (message.type === 'start') watcher = start(message)
  else if (!watcher) throw new Error(`"${message.type}" came before "start"`)
  else if (message.type === 'proxy') attach(watcher, message)
  else if (message.type === 'gone') watcher.detach(message.id)
  else if (message.type === 'retire') void retire(message.ask)
  else post({ type: 'answer', ask: message.ask, json: watcher.answer(message.what) })
})
