// Clients that have one answer each and then stay, in a process of their own on the load's core.
import { type Child, startChild } from '../child.ts'
import { onLoadCore } from './load.ts'

/** Resolves when each has its answer; rejects where one was lost. */
export const openCrowd = async ({ port, request, count }: { readonly port: number; readonly request: string; readonly count: number }): Promise<Child> => {
  const child = startChild([...onLoadCore, process.execPath, `${import.meta.dir}/crowd-process.ts`, `${port}`, `${count}`, request])
  const line = await child.firstLine()
  if (line === 'open') return child
  await child.stop()
  throw new Error(`${count} connections: ${line}`)
}
