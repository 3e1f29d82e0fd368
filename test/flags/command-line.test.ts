// The real program's first answers: exit codes and the one line that says why.
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { flagSchema } from '../../src/settings/flag-table.ts'
import { flagName } from '../../src/settings.ts'

const main = join(import.meta.dir, '../../src/main.ts')

async function lintel(...argv: string[]) {
  const child = Bun.spawn([process.execPath, main, ...argv], { stdout: 'pipe', stderr: 'pipe', env: { PATH: process.env['PATH'], HOME: '/nonexistent' } })
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { out, err, code }
}

test.each([
  [['--htp-port=1'], 'lintel: unknown flag --htp-port: did you mean --http-port?\n'],
  [['--manifests=x', '--http-port=x'], 'lintel: --http-port=x: expected a whole number\n'],
  [
    ['--http-port=0', '--https-port=0', '--healthz-port=0'],
    'lintel: nothing to serve: this is no pod and there is no kubeconfig; give --kubeconfig FILE, or --manifests DIR to serve a folder\n',
  ],
  [['--http-port=0', '--https-port=0', '--healthz-port=0', '--kubeconfig=/nonexistent'], expect.stringMatching(/^lintel: --kubeconfig: \/nonexistent can't be used \(.*\): check that it is a kubeconfig\n$/)],
])('%p ends with exit code 2 and one line', async (argv, line) => {
  expect(await lintel(...argv)).toEqual({ out: '', err: line, code: 2 })
})

test('--version', async () => {
  expect(await lintel('--version')).toEqual({ out: expect.stringMatching(/^lintel \d+\.\d+\.\d+\n$/), err: '', code: 0 })
})

test('--help names every flag once, with its default', async () => {
  const { out, code } = await lintel('--help')
  expect(code).toBe(0)
  for (const name of Object.keys(flagSchema.shape).map(flagName)) {
    expect(out.match(new RegExp(`^  --${name}(=|$)`, 'gm'))).toHaveLength(1)
  }
  expect(out).toContain('  --healthz-port=PORT\n      Health, metrics and state of the program; 0 takes a free port (default 10254)')
  expect(out).toContain('[no effect yet]')
})
