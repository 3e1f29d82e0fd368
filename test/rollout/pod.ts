// An application as most are, in its own process: `pod.ts SETTINGS`. HTTP and WebSocket on one port, gRPC on another. SIGTERM closes the listeners at
// once; what is in flight is finished. It tells its parent its ports, and the id of each POST it read.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createListener, type Socket } from 'node:net'
import * as grpc from '@grpc/grpc-js'
import { WebSocketServer } from 'ws'
import { echoService } from './echo-service.ts'
import { type PodMessage, podSettings } from './messages.ts'

const { address, idleMs, abrupt } = podSettings.parse(JSON.parse(process.argv[2] ?? '{}'))
/** Of a request, at most: some are always in flight when the signal comes. */
const WORK_MS = 10
/** The application goes away (RFC 6455 §7.4.1). */
const GOING_AWAY = 1001

const tell = (message: PodMessage) => { process.send?.(message) }
let leaving = false

// ---- HTTP

/** Connections between two requests, and what closes them. By hand: it shall be exact, and not be told (Keep-Alive). */
const resting = new Map<Socket, NodeJS.Timeout>()
const rest = (socket: Socket) => {
  if (leaving && abrupt) socket.destroy()
  else resting.set(socket, setTimeout(() => socket.destroy(), idleMs))
}
const wake = (socket: Socket) => {
  clearTimeout(resting.get(socket))
  resting.delete(socket)
}

const answer = (request: IncomingMessage, response: ServerResponse) => {
  const id = request.headers['x-id']
  if (request.method === 'POST' && typeof id === 'string') tell({ type: 'seen', id })
  setTimeout(() => response.end(`${address} ${String(id)}`), Math.random() * WORK_MS)
}
const http = createServer((request, response) => {
  const { socket } = request
  wake(socket)
  request.resume()
  request.once('end', () => answer(request, response))
  response.once('finish', () => rest(socket))
})
http.keepAliveTimeout = 0
http.on('upgrade', ({ socket }) => wake(socket))
// Closing the server itself would close what rests, too.
let accepted = 0
const listener = createListener((socket) => {
  accepted++
  socket.once('close', () => wake(socket))
  http.emit('connection', socket)
})

const sockets = new WebSocketServer({ server: http })
sockets.on('connection', (socket) => {
  socket.on('message', (message, binary) => socket.send(message, { binary }))
  if (leaving) socket.close(GOING_AWAY)
})

// ---- gRPC

const calls = new Set<grpc.ServerDuplexStream<Buffer, Buffer>>()
const rpc = new grpc.Server()
rpc.addService(echoService, {
  echo(call: grpc.ServerDuplexStream<Buffer, Buffer>) {
    calls.add(call)
    call.on('data', (message: Buffer) => call.write(message))
    call.on('end', () => call.end())
    call.on('close', () => calls.delete(call))
    if (leaving) call.end() // it was on its way when the rest was told
  },
})

// ---- from its start to its end

/** Until a turn of the loop brings no connection more: what waits to be accepted is, in place of being reset by the kernel. */
const acceptAll = async () => {
  for (let before = -1; before < accepted;) {
    before = accepted
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  }
}

const leave = async () => {
  if (!abrupt) await acceptAll()
  leaving = true
  const closed = Promise.all([
    new Promise<void>((resolve) => listener.close(() => resolve())), // when the last connection has ended
    new Promise<void>((resolve) => rpc.tryShutdown(() => resolve())),
  ])
  if (abrupt) for (const socket of resting.keys()) socket.destroy()
  for (const socket of sockets.clients) socket.close(GOING_AWAY)
  for (const call of calls) call.end()
  await closed
  tell({ type: 'done' }) // what was told before may still be on its way: the parent disconnects
}

const grpcPort = await new Promise<number>((resolve, reject) => {
  rpc.bindAsync(`${address}:0`, grpc.ServerCredentials.createInsecure(), (error, port) => { if (error === null) resolve(port); else reject(error) })
})
listener.listen(0, address, () => {
  const bound = listener.address()
  tell({ type: 'ready', http: typeof bound === 'object' && bound !== null ? bound.port : 0, grpc: grpcPort })
})
process.once('SIGTERM', () => { void leave() })
// The parent is gone, or has heard all: nothing that is still open keeps us.
process.once('disconnect', () => process.exit(0))
