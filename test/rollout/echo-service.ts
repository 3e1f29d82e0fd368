// The gRPC service of the application and of its clients: one call that gives each message back.
import type { ServiceDefinition } from '@grpc/grpc-js'

const asItIs = (message: Buffer): Buffer => message
export const echoService = {
  echo: {
    path: '/rollout.Echo/Echo', requestStream: true, responseStream: true,
    requestSerialize: asItIs, requestDeserialize: asItIs, responseSerialize: asItIs, responseDeserialize: asItIs,
  },
} satisfies ServiceDefinition
