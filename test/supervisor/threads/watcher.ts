// A stand-in for the watcher thread: no objects, one table, joins workers by the real messages.
import { parentPort } from 'node:worker_threads'
import type { FromWatcher, ToWatcher } from '../../../src/channel.ts'

const post = (message: FromWatcher): void => parentPort?.postMessage(message)
const joined: number[] = []

parentPort?.on('message', (message: ToWatcher) => {
  if (message.type === 'start') {
    if (message.flags.manifests === '/missing') post({ type: 'fatal', message: '--manifests=/missing: no such folder: make it' })
    post({ type: 'built', version: 1, routes: 2, issues: 1, run: { shutdownTimeoutMs: 5000, workers: message.flags.workers === 0 ? 2 : null } })
    post({ type: 'issues', fresh: [{ object: 'Ingress default/a', field: 'spec.rules', reason: 'not\nserved' }] })
    post({ type: 'synced', version: 1 })
  }
  if (message.type === 'proxy') {
    joined.push(message.id)
    message.port.on('message', () => message.port.postMessage('table 1'))
  }
  if (message.type === 'gone') joined.splice(joined.indexOf(message.id), 1)
  if (message.type === 'retire') post({ type: 'answer', ask: message.ask, json: '' })
  if (message.type === 'ask') post({ type: 'answer', ask: message.ask, json: JSON.stringify({ what: message.what, joined }) })
})
