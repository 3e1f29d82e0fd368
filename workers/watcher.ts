// The watcher thread: joins the messages of main and of the proxy workers with the Watcher. Wiring only.
import { parentPort } from 'node:worker_threads'
import type { FromProxy, FromWatcher, ToWatcher } from '../src/channel.ts'
import type { Source } from '../src/kube/objects.ts'
import { manifests } from '../src/kube/manifests.ts'
import type { Flags } from '../src/settings.ts'
import { builder } from '../src/table/build.ts'
import { buildOptions } from '../src/watcher/build-options.ts'
import { resolver } from '../src/watcher/dns.ts'
import { withExternalNames } from '../src/watcher/external-names.ts'
import { Watcher } from '../src/watcher/watcher.ts'

const post = (message: FromWatcher): void => parentPort?.postMessage(message)
let watcher: Watcher | undefined

const start = ({ flags, fakeCertificate }: Extract<ToWatcher, { type: 'start' }>): Watcher => {
  const started = new Watcher(builder(buildOptions(flags, fakeCertificate)), post)
  if (flags.manifests === null) post({ type: 'fatal', message: '--manifests is missing: clusters are not served yet, name a folder' })
  // An unhandled rejection would end the thread with exit code 0 and no reason (bun.md §5.2).
  else started.start(sourceOf(flags, flags.manifests)).catch((error) => { queueMicrotask(() => { throw error }) })
  return started
}

const sourceOf = ({ disableSvcExternalName }: Flags, folder: string): Source =>
  disableSvcExternalName ? manifests(folder) : withExternalNames(manifests(folder), resolver())

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
  else post({ type: 'answer', ask: message.ask, json: watcher.answer(message.what) })
})
