// A stand-in for a proxy worker: listens on the HTTP port as soon as the watcher gave it a table, and answers with its number.
import { createServer } from 'node:net'
import { parentPort } from 'node:worker_threads'
import type { FromWorker, ToWorker } from '../../../src/channel.ts'
import { counters } from '../../../src/telemetry/counters.ts'
import type { EndpointRow } from '../../../src/telemetry/endpoint-rows.ts'
import type { PoolRow } from '../../../src/telemetry/pool-rows.ts'

const post = (message: FromWorker): void => parentPort?.postMessage(message)
const counted = counters([1])
const pool: PoolRow = { service: 'default/app:80', address: '10.0.0.1', port: 80, protocol: 'h1', tls: false, open: 1, waiting: 0, idle: 1, hits: 2, misses: 1, evictions: 0 }
const endpoint: EndpointRow = { backend: 'default/app:80', address: '10.0.0.1', port: 80, active: 1, states: { well: 1 }, reasons: [], trialAt: '' }

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
  server.on('error', () => post({ type: 'fatal', message: `--http-port=${port} is in use: choose another`, held: true }))
  server.listen({ port, host, reusePort: true }, () => post({ type: 'listening' }))
}

parentPort?.on('message', (message: ToWorker) => {
  if (message.type === 'start') {
    const { id, flags, watcher } = message
    join(watcher, () => listen(id, { host: flags.bindAddress, port: flags.httpPort }))
  }
  if (message.type === 'watcher') join(message.watcher, () => {})
  if (message.type === 'pools') post({ type: 'pools', ask: message.ask, rows: JSON.stringify([pool]) })
  if (message.type === 'endpoints') post({ type: 'endpoints', ask: message.ask, rows: JSON.stringify([endpoint]) })
  if (message.type === 'collect') post({ type: 'counters', ask: message.ask, counters: counted.drain() })
  if (message.type === 'admit') post({ type: 'admitted', ask: message.ask })
  if (message.type === 'claim') post({ type: 'claimed', ask: message.ask, share: 'alone' })
  if (message.type === 'drain') post({ type: 'drained' })
  if (message.type === 'crash') throw new Error('crash on demand')
})
