// The program over stand-in threads (threads/), and a client for what the stand-in workers serve.
import { connect } from 'node:net'
import { start, type Program } from '../support/program.ts'

const command = [process.execPath, 'test/supervisor/threads/main.ts']
const env = { LINTEL_TEST_HOOKS: '1' }

/** Ended with the scope: `await using program = await standIn(…)`. */
export async function standIn(...flags: string[]): Promise<Program & AsyncDisposable> {
  const program = await start({ manifests: '', command, env, flags })
  return { ...program, [Symbol.asyncDispose]: async () => void (await program.stop()) }
}

/** For flags that the program refuses. */
export async function refused(...flags: string[]): Promise<{ code: number; err: string[] }> {
  const ports = ['--manifests=x', '--bind-address=127.0.0.1', '--http-port=0', '--https-port=0', '--healthz-port=0']
  const child = Bun.spawn([...command, ...ports, ...flags], { stdout: 'ignore', stderr: 'pipe' })
  const [err, code] = await Promise.all([child.stderr.text(), child.exited])
  return { code, err: err.trimEnd().split('\n') }
}

/** The number of the worker that took the connection. */
export async function ask(port: number): Promise<string> {
  let answer = ''
  for await (const data of connect({ port, host: '127.0.0.1' })) answer += String(data)
  return answer
}
