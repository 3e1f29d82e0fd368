// A stand-in for a proxy worker: listens on the HTTP port as soon as the watcher gave it a table, and answers with its number.
import { createServer } from 'node:net'
import { parentPort } from 'node:worker_threads'
import type { FromWorker, ToWorker } from '../../../src/channel.ts'
import { counters } from '../../../src/telemetry/counters.ts'

const post = (message: FromWorker): void => parentPort?.postMessage(message)
const counted = counters([1])

function join(watcher: MessagePort, onTable: () => void): void {
  watcher.on('message', () => {
    post({ type: 'at', version: 1 })
    onTable()
  })
  watcher.postMessage('snapshot')
}

function listen(id: number, { host, port }: { host: string; port: number }): void {
  const server = createServer((socket) => {
    counted.connectionOpened()
    post({ type: 'log', lines: `answered by ${id}\n` })
    socket.on('error', () => {}).end(String(id))
  })
  server.on('error', () => post({ type: 'fatal', message: `--http-port=${port} is in use: choose another` }))
  server.listen({ port, host, reusePort: true }, () => post({ type: 'listening' }))
}

parentPort?.on('message', (message: ToWorker) => {
  if (message.type === 'start') {
    const { id, flags, watcher } = message
    join(watcher, () => listen(id, { host: flags.bindAddress, port: flags.httpPort }))
  }
  if (message.type === 'watcher') join(message.watcher, () => {})
  if (message.type === 'collect') post({ type: 'counters', ask: message.ask, counters: counted.drain() })
  if (message.type === 'drain') post({ type: 'drained' })
  if (message.type === 'crash') throw new Error('crash on demand')
})
