// The container of any other pod: an echo server, with the start and end that its annotations ask for. Knows no cluster.
import { createServer } from 'node:http'
import type { Pod, Workload } from './pod.ts'

/** Annotations of pods: ms from start to readiness, and from the call to end until the process has ended; its listener closes at once. */
export const START_MS = 'test/start-ms'
export const DRAIN_MS = 'test/drain-ms'

/** Resolves when it is ready. */
export async function startEchoPod({ metadata: { name, namespace, annotations }, spec }: Pod, ip: string): Promise<Workload> {
  const server = createServer((request, response) => {
    request.resume()
    request.on('end', () => {
      response.setHeader('Content-Type', 'application/json')
      response.end(JSON.stringify({ pod: name, namespace, method: request.method, path: request.url, host: request.headers.host, fields: request.headers }))
    })
  })
  await new Promise<void>((resolve) => { server.listen(spec.containers[0]?.ports?.[0]?.containerPort ?? 3000, ip, resolve) })
  await Bun.sleep(Number(annotations?.[START_MS] ?? 0))
  return { end: () => endEcho(), close: () => { server.close() } }

  /** As applications do that know nothing of Kubernetes: the listener closes at once, what is in flight is finished. */
  async function endEcho(): Promise<void> {
    server.close()
    server.closeIdleConnections()
    await Bun.sleep(Number(annotations?.[DRAIN_MS] ?? 0))
    server.closeAllConnections()
  }
}
