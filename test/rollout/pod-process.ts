// A pod's process as the node that runs it sees it. Knows no Kubernetes objects.
import { podMessage, type PodSettings } from './messages.ts'

/** Its address is its own, as in a cluster: a port that was a pod's before is never somebody else's. */
export type Pod = { readonly name: string; readonly address: string; readonly http: number; readonly grpc: number; readonly exited: Promise<number>; terminate(): void; kill(): void }
/** seen: called with the id of each POST that it reads. */
export type PodOptions = Partial<Omit<PodSettings, 'address'>> & { readonly seen: (id: string) => void }

/** As Node. */
const IDLE_MS = 5_000

/** Resolves when it accepts connections. */
export async function startPod(number: number, { idleMs = IDLE_MS, abrupt = false, seen }: PodOptions): Promise<Pod> {
  const address = addressOf(number)
  const settings: PodSettings = { address, idleMs, abrupt }
  const ready = Promise.withResolvers<{ readonly http: number; readonly grpc: number }>()
  const child = Bun.spawn([process.execPath, `${import.meta.dir}/pod.ts`, JSON.stringify(settings)], {
    stdio: ['ignore', 'inherit', 'inherit'],
    ipc(message: unknown) {
      const told = podMessage.parse(message)
      if (told.type === 'seen') seen(told.id)
      else if (told.type === 'ready') ready.resolve(told)
      else child.disconnect()
    },
  })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const exited = child.exited.then((code) => {
    process.off('exit', kill)
    ready.reject(new Error(`the pod ended with ${code}`))
    return code
  })
  const { http, grpc } = await ready.promise
  return { name: `app-${number}`, address, http, grpc, exited, terminate: () => child.kill('SIGTERM'), kill }
}

/** All of 127.0.0.0/8 is loopback. Not 127.0.0.1, which everybody uses. */
const addressOf = (number: number): string => `127.1.${number >> 8 & 255}.${(number & 255) || 1}`
