// The step of proxy-request-buffering: the chain goes on when the whole body is there. Knows no endpoints.
import { isGrpc } from '../http/grpc.ts'
import { CHUNKED, type ProxyError, type ReceivedRequest } from '../http/message.ts'
import type { Route } from '../model.ts'
import type { Step } from '../policies/policy.ts'
import { contextOf } from './request-context.ts'
import type { Serving } from './serving.ts'
import { StoredBody } from './stored-body.ts'

export const storeBody = ({ policies: { requestBuffer } }: Route, { space }: Serving): Step | null => {
  if (requestBuffer === undefined) return null
  const { memoryBytes } = requestBuffer
  return function storeBody(c, next) {
    const context = contextOf(c)
    const { exchange } = context
    const { length } = exchange.request
    if ((exchange.first.last && length !== CHUNKED) || isDialogue(exchange.request)) return next()
    if (!space.isUsable && (length === CHUNKED || length > memoryBytes)) return next()
    // A client that leaves settles nothing: what waits here goes with it.
    const whole = new Promise<void>((resolve, reject) => {
      const failed = (error: ProxyError) => context.forward.active ? context.forward.abandon(error) : reject(error)
      context.store(new StoredBody(exchange, { memoryBytes, space, whole: resolve, failed }))
    })
    return whole.then(next)
  }
}

/** Its body may go on as long as the answer does, and wait for it: nginx does not store that of a gRPC call either. */
const isDialogue = (request: ReceivedRequest) => request.upgrade !== '' || isGrpc(request.field('content-type'))
