// What the processes of a rollout tell each other.
import { z } from 'zod'

/**
 * For a pod, as its only argument. idleMs: after which it closes a connection that rests. abrupt: in the moment of SIGTERM it closes its listeners and
 * all connections that rest, whatever the kernel holds for it (Node 19, Go). Others take what has come first, and serve connections until they
 * end (Node 18, Tomcat).
 */
export const podSettings = z.object({ address: z.string(), idleMs: z.number(), abrupt: z.boolean() })
export type PodSettings = z.output<typeof podSettings>

/** From a pod. */
export const podMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), http: z.number(), grpc: z.number() }),
  z.object({ type: z.literal('seen'), id: z.string() }),
  z.object({ type: z.literal('done') }),
])
export type PodMessage = z.output<typeof podMessage>

/** What the clients did until they were told to stop. lost: what a user would have noticed, in words. posted: ids whose answer was a 2xx. */
export const tally = z.object({
  requests: z.number(), calls: z.number(), sockets: z.number(), messages: z.number(),
  posted: z.array(z.string()), lost: z.array(z.string()),
})
export type Tally = z.output<typeof tally>

/** For the clients' process, as its only argument. rate: requests a second; the rest: so many at once. */
export const loadOptions = z.object({
  port: z.number(), rate: z.number(), http1: z.number(), http2: z.number(), calls: z.number(), sockets: z.number(),
})
export type LoadOptions = z.output<typeof loadOptions>
