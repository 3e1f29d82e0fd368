// The clients' process as its parent sees it. Knows no protocol.
import { type LoadOptions, type Tally, tally } from './messages.ts'

export type Clients = {
  /** Each client ends what it has begun. */
  stop(): Promise<Tally>
  /** At once, for the end of a test that failed. */
  kill(): void
}

/** Resolves when each client has been served once. */
export async function startClients(options: LoadOptions): Promise<Clients> {
  const started = Promise.withResolvers<void>()
  const finished = Promise.withResolvers<Tally>()
  finished.promise.catch(() => { /* whoever stops them hears of it */ })
  const child = Bun.spawn([process.execPath, `${import.meta.dir}/load.ts`, JSON.stringify(options)], {
    stdio: ['ignore', 'inherit', 'inherit'],
    ipc(message: unknown) {
      if (message === 'started') return started.resolve()
      const told = tally.safeParse(message)
      if (told.success) finished.resolve(told.data)
    },
  })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  void child.exited.then((code) => {
    process.off('exit', kill)
    const error = new Error(`the clients ended with ${code}`)
    started.reject(error)
    finished.reject(error)
  })
  await started.promise
  return {
    stop() {
      child.send('stop')
      return finished.promise
    },
    kill,
  }
}
