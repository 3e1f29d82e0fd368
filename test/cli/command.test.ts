// The command line of the commands: help, slips, and the flags that each takes.
import { expect, test } from 'bun:test'
import { lintel } from './command.ts'

test.each(['report', 'convert', 'explain'])('%s --help: its own flags, and of the serving ones those that it takes', async (name) => {
  const { code, stdout, stderr } = await lintel([name, '--help'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toStartWith(`Usage: lintel ${name} `)
  expect(stdout).toContain('Exit code 0: ')
  expect(stdout).toContain('--output=')
  expect(stdout).not.toContain('--http-port')
  expect(stdout.includes('--ingress-class=TEXT')).toBe(name !== 'convert')
})

test('report looks at the class of ingress-nginx, explain at that of serving', async () => {
  expect((await lintel(['report', '--help'])).stdout).toContain('(default k8s.io/ingress-nginx)')
  expect((await lintel(['explain', '--help'])).stdout).toContain('(default lintel.dev/ingress-controller)')
})

test.each([
  [['reprot'], 'lintel: unknown command "reprot": did you mean report?'],
  [['deploy'], 'lintel: unknown command "deploy": expected report, convert, explain, ready, or flags alone to serve'],
  [['report', '--manifest=x'], 'lintel report: unknown flag --manifest: did you mean --manifests?'],
  [['report', '--http-port=1'], 'lintel report: unknown flag --http-port: see --help'],
  [['report', 'folder'], 'lintel report: unexpected argument "folder"; see --help'],
  [['convert', 'a', 'b'], 'lintel convert: one FILE, DIR or - at a time: "b" is too many; see --help'],
  [['explain'], 'lintel explain: URL is missing; see --help'],
  [['explain', '--output'], 'lintel explain: --output needs a value: write --output=VALUE'],
] as const)('%p: one line, exit code 2', async (argv, line) => {
  expect(await lintel(argv)).toEqual({ code: 2, stdout: '', stderr: `${line}\n` })
})
