// Clients of a program that is upgraded, one lane each, until they are told to stop. What a user would notice goes to `lost`: a connection that is
// refused or reset, an answer that is missing or not 200. That an idle connection or a tunnel ends in order is no loss: it begins anew.
import * as grpc from '@grpc/grpc-js'
import { connect as connectHttp2 } from 'node:http2'
import { WebSocket } from 'ws'
import { requestText } from '../features/scene.ts'
import { CALL_HOST } from '../rollout/call-lane.ts'
import { echoService } from '../rollout/echo-service.ts'
import { HOST } from '../rollout/http-lane.ts'
import { members, type ResponseMessage } from '../support/http1.ts'
import { rawClient, type RawClient } from '../support/raw-client.ts'

/** done: by lane. slowestMs: the longest that anything took. ends: when WebSockets ended before they were told to. */
export type Tally = { readonly done: Record<string, number>; readonly lost: string[]; readonly ends: number[]; slowestMs: number }
/** tls: the port wants it; whose certificate it is does not matter here. */
export type Lane = { readonly port: number; readonly tls: boolean; readonly tally: Tally; readonly everyMs: number; isOver(): boolean }
/** Of a program that shares two cores with its clients and whatever else there is. A user would not wait so long, but nothing is lost. */
const ANSWER_MS = 30_000
const answered = (answer: ResponseMessage | undefined): string => String(answer?.status ?? 'no answer')
const named = (lane: Lane, name: string): string => `${name}${lane.tls ? ' by TLS' : ''}`
const clientOf = ({ port, tls }: Lane): Promise<RawClient> => rawClient(port, tls ? { tls: {} } : {})

/** A connection for each request. */
export const freshLane = (lane: Lane): Promise<void> => paced(lane, named(lane, 'fresh'), async () => {
  const client = await clientOf(lane)
  client.send(requestText({ host: HOST, fields: [['Connection', 'close']] }))
  const answer = await client.response(ANSWER_MS)
  client.destroy()
  return answered(answer)
})

/** One connection for as long as it lasts. */
export const keptLane = async (lane: Lane): Promise<void> => {
  let client: RawClient | undefined
  await paced(lane, named(lane, 'kept'), async () => {
    if (client === undefined || await client.closed(0)) client = await clientOf(lane)
    client.send(requestText({ host: HOST }))
    const answer = await client.response(ANSWER_MS)
    if (members(answer?.fields ?? [], 'connection').includes('close')) client = undefined
    return answered(answer)
  })
  client?.destroy()
}

/** The same by HTTP/2, until GOAWAY. */
export const http2Lane = async (lane: Lane): Promise<void> => {
  const open = () => {
    const session = connectHttp2(`${lane.tls ? 'https' : 'http'}://127.0.0.1:${lane.port}`, { rejectUnauthorized: false })
    const state = { session, leaves: false }
    const leave = () => { state.leaves = true }
    session.on('goaway', leave).on('close', leave).on('error', leave)
    return state
  }
  let state = open()
  await paced(lane, named(lane, 'http2'), () => {
    if (state.leaves) state = open()
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const stream = state.session.request({ ':path': '/', ':authority': HOST })
    let status = 'no answer'
    stream.on('response', (fields) => { status = String(fields[':status']) })
    stream.on('error', reject).on('end', () => resolve(stream.rstCode === 0 ? status : `reset ${stream.rstCode}`)).resume()
    return promise
  })
  state.session.destroy()
}

const Client = grpc.makeGenericClientConstructor(echoService, 'Echo')
const MESSAGES = 3

/** Calls of a few messages there and back. */
export const callLane = async (lane: Lane): Promise<void> => {
  const client = new Client(`127.0.0.1:${lane.port}`, lane.tls ? grpc.credentials.createSsl(null, null, null, { rejectUnauthorized: false }) : grpc.credentials.createInsecure(), { 'grpc.default_authority': CALL_HOST, 'grpc.ssl_target_name_override': CALL_HOST, 'grpc.use_local_subchannel_pool': 1, 'grpc.enable_retries': 0 })
  const { path, requestSerialize, responseDeserialize } = echoService.echo
  await paced(lane, named(lane, 'calls'), () => {
    const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize)
    let received = 0
    stream.on('data', () => { if (++received < MESSAGES) stream.write(Buffer.from('more')); else stream.end() })
    stream.on('error', () => { /* 'status' says it too */ })
    stream.write(Buffer.from('first'))
    return new Promise((resolve) => {
      stream.once('status', ({ code, details }: grpc.StatusObject) => resolve(code === grpc.status.OK && received === MESSAGES ? '200' : `${code} ${details}`))
    })
  })
  client.close()
}

/** A probe as the kubelet's: of whoever answers on the admin port. */
export const probeLane = (lane: Lane): Promise<void> => paced(lane, 'probes', async () => {
  const answer = await fetch(`http://127.0.0.1:${lane.port}/readyz`, { keepalive: false })
  return answer.ok ? '200' : `${answer.status} ${await answer.text()}`
})

/** One WebSocket after another; each is opened anew as soon as it ends. */
export async function socketLane(lane: Lane): Promise<void> {
  while (!lane.isOver()) {
    const problem = await socket(lane)
    const name = named(lane, 'sockets')
    lane.tally.done[name] = (lane.tally.done[name] ?? 0) + 1
    if (problem !== null) lane.tally.lost.push(`${name}: ${problem}`)
    else if (!lane.isOver()) lane.tally.ends.push(performance.now())
  }
}

function socket(lane: Lane): Promise<string | null> {
  const opened = new WebSocket(`${lane.tls ? 'wss' : 'ws'}://127.0.0.1:${lane.port}/`, { headers: { host: HOST }, rejectUnauthorized: false })
  let problem: string | null = null
  const timer = setInterval(() => {
    if (opened.readyState !== WebSocket.OPEN) return
    if (lane.isOver()) opened.close()
    else opened.send('hello')
  }, lane.everyMs)
  opened.on('error', (error) => { problem = error.message })
  return new Promise((resolve) => { opened.once('close', () => { clearInterval(timer); resolve(problem) }) })
}

/** `act` again and again, at random times around everyMs; anything but '200' is lost. */
async function paced({ tally, everyMs, isOver }: Lane, name: string, act: () => Promise<string>): Promise<void> {
  let dueMs = performance.now() + Math.random() * everyMs
  while (!isOver()) {
    await Bun.sleep(Math.max(0, dueMs - performance.now()))
    dueMs += 2 * Math.random() * everyMs
    const from = performance.now()
    const outcome = await act().catch((error: unknown) => String(error))
    tally.slowestMs = Math.max(tally.slowestMs, performance.now() - from)
    tally.done[name] = (tally.done[name] ?? 0) + 1
    if (outcome !== '200') tally.lost.push(`${name}: ${outcome}`)
  }
}
