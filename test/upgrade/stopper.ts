// A thread that does nothing but look whether another listener has come to a port, and stops the process of it at once: within a millisecond where its parent,
// which has clients to serve, would take many.
import { parentPort, workerData } from 'node:worker_threads'
import { z } from 'zod'
import { listening } from './successor.ts'

/** listeners: there before. */
export const stopperTask = z.object({ port: z.number(), listeners: z.number(), pid: z.number() })

const { port, listeners, pid } = stopperTask.parse(workerData)
while (listening(port) <= listeners) await Bun.sleep(0)
process.kill(pid, 'SIGSTOP')
parentPort?.postMessage('stopped')
