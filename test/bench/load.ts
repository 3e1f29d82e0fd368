// What a load generator reports, and whether it can be used. Knows no generator.

/** folder: the cell's own files (setup.ts). */
export type LoadTarget = { readonly port: number; readonly seconds: number; readonly folder: string }
export type LoadReport = {
  readonly requests: number
  readonly seconds: number
  /** Octets received. */
  readonly octets: number
  /** Why its numbers can't be used; undefined where every request was answered with success. */
  readonly trouble: string | undefined
}
export type Load = { readonly tool: string; run(target: LoadTarget): Promise<LoadReport> }

export const unusable = (trouble: string): LoadReport => ({ requests: 0, seconds: 0, octets: 0, trouble })

/** Of all that is measured: certificates, routes and requests agree on it. */
export const host = 'bench.example.com'
/** Load and origins: proxies have the other core. */
export const onLoadCore = ['taskset', '-c', '1']

/** stdout, or stderr where it failed. */
export const outputOf = async (command: readonly string[]): Promise<string> => {
  const child = Bun.spawn([...onLoadCore, ...command], { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  return await child.exited === 0 ? out : err
}
