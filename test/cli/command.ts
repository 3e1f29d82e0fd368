// A command of the program, run by its command line to its end.
import { join } from 'node:path'

const ROOT = join(import.meta.dir, '../..')

export type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string }

/** input: standard input. */
export async function lintel(argv: readonly string[], { input = '', cwd = ROOT, env = {} }: { readonly input?: string | Uint8Array<ArrayBuffer>; readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {}): Promise<Ran> {
  const child = Bun.spawn([process.execPath, join(ROOT, 'src/main.ts'), ...argv], { cwd, env: { ...process.env, ...env }, stdin: new Blob([input]), stdout: 'pipe', stderr: 'pipe' })
  const [stdout, stderr, code] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited])
  return { code, stdout, stderr }
}
