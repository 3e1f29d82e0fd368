// A client with one long gRPC call after another: each message comes back. An application that goes away ends its calls with OK,
// and the next one must go through; any other status is a loss.
import * as grpc from '@grpc/grpc-js'
import { echoService } from './echo-service.ts'
import type { Lane } from './load.ts'

export const CALL_HOST = 'calls.example'
const MESSAGE_EVERY_MS = 200
const Client = grpc.makeGenericClientConstructor(echoService, 'Echo')

export async function callLane(lane: Lane): Promise<void> {
  const client = new Client(`127.0.0.1:${lane.port}`, grpc.credentials.createInsecure(), {
    'grpc.default_authority': CALL_HOST, 'grpc.use_local_subchannel_pool': 1, 'grpc.enable_retries': 0,
  })
  for (let i = 0; !lane.isOver(); i++) {
    lane.tally.calls++
    const status = await call(client, lane)
    if (status.code !== grpc.status.OK) lane.tally.lost.push(`call ${lane.name}/${i}: ${status.code} ${status.details}`)
  }
  client.close()
}

/** Resolves when the call is over, by the application or because all are. */
function call(client: grpc.Client, lane: Lane): Promise<grpc.StatusObject> {
  const { path, requestSerialize, responseDeserialize } = echoService.echo
  const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize)
  let sent = 0
  const timer = setInterval(() => {
    if (lane.isOver()) stream.end()
    else stream.write(Buffer.from(`${lane.name}/${sent++}`))
  }, MESSAGE_EVERY_MS)
  let received = 0
  stream.on('data', (message: Buffer) => {
    const expected = `${lane.name}/${received++}`
    if (message.toString() !== expected) lane.tally.lost.push(`call ${lane.name}: ${message.toString()} came for ${expected}`)
    lane.tally.messages++
    lane.first()
  })
  stream.on('error', () => { /* 'status' says it too */ })
  return new Promise((resolve) => {
    stream.once('status', (status: grpc.StatusObject) => {
      clearInterval(timer)
      resolve(status)
    })
  })
}
