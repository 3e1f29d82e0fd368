// What a load generator reports, and whether it can be used. Knows no generator and no proxy.

export type LoadTarget = {
  readonly port: number
  readonly secure: boolean
  readonly seconds: number
  /** The cell's own files (setup.ts); generators put theirs there. */
  readonly folder: string
}
export type Latency = { readonly p50: number; readonly p99: number; readonly p999: number }
export type LoadReport = {
  readonly requests: number
  readonly seconds: number
  /** Octets received. */
  readonly octets: number
  /** Where it was measured, in µs. */
  readonly latency?: Latency
  /** Why its numbers can't be used; undefined where every request was answered with success. */
  readonly trouble: string | undefined
}
export type Load = {
  /** What must be installed for it; null: nothing. */
  readonly tool: string | null
  /** A proxy that is less busy than this share of what others left of its core waited for the load, and what it cost says little. 0: meant so. */
  readonly busy: number
  run(target: LoadTarget): Promise<LoadReport>
}

/** Of generators in C, which cost less than a proxy does. */
export const BUSY = 0.5

export const unusable = (trouble: string): LoadReport => ({ requests: 0, seconds: 0, octets: 0, trouble })

/** Load and origins: proxies have the other core. */
export const onLoadCore = ['taskset', '-c', '1']

/** stdout, or stderr where it failed. */
export const outputOf = async (command: readonly string[]): Promise<string> => {
  const child = Bun.spawn([...onLoadCore, ...command], { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  return await child.exited === 0 ? out : err
}
