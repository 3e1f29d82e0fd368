// The commands of the documents: those that can be run here are run as they stand, by this file or by the one named; the rest is named as not run.
import { expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { resources } from '../features/scene.ts'
import { changes } from '../support/until.ts'
import { commandsOf } from './documents.ts'

const ROOT = join(import.meta.dir, '../..')
/** npm, a cold start, a busy machine. */
const START_MS = 30_000
const folder = mkdtempSync(join(tmpdir(), 'lintel-documents-'))
const keep = resources()

const DEV = 'npm ci && npm run dev'
const SERVE = 'npm start -- --manifests ./manifests --http-port 8080 --https-port 8443 --bind-address 127.0.0.1'
const REPORT = 'npm start -s -- report --manifests deploy/demo/manifests --output json'
const CONVERT = 'npm start -s -- convert ingress.yaml --output ingress.yaml'
const EXPLAIN = 'npm start -s -- explain https://cafe.example.com/tea --manifests deploy/demo/manifests'
const EXPLAIN_RUNNING = 'npm start -s -- explain https://cafe.example.com/tea --admin http://127.0.0.1:10254'

const RUN_BELOW = [DEV, SERVE, REPORT, CONVERT, EXPLAIN_RUNNING, EXPLAIN]
/** Run by the file, which has the words. */
const RUN_ELSEWHERE: Readonly<Record<string, readonly [file: string, words: string]>> = {
  'npm test': ['.ci/run', 'npm'],
  'npm start -s -- report --configmap ingress-nginx/ingress-nginx-controller': ['test/cluster/report.cluster.ts', '--configmap='],
  'kubectl apply -k deploy/host-network': ['test/cluster/commands.cluster.ts', 'kubectl apply -k deploy/host-network'],
  'kubectl -n lintel rollout status daemonset/lintel': ['test/cluster/commands.cluster.ts', 'kubectl -n lintel rollout status daemonset/lintel'],
  'kubectl get ingress --all-namespaces': ['test/cluster/commands.cluster.ts', 'kubectl get ingress --all-namespaces'],
  'helm install lintel deploy/chart --namespace lintel --create-namespace': ['test/cluster/commands.cluster.ts', 'helm install lintel deploy/chart --namespace lintel --create-namespace'],
}
/** There is no such program here, nor a registry. */
const NOT_RUN = ['podman', 'kind']

test('each command is run, or its program is named among those that are not', async () => {
  const commands = [...await commandsOf('README.md'), ...await commandsOf('deploy/README.md')]
  const run = [...RUN_BELOW, ...Object.keys(RUN_ELSEWHERE)]
  expect(commands.filter((command) => !NOT_RUN.includes(command.split(' ')[0] ?? '')).toSorted()).toEqual(run.toSorted())
  for (const [file, words] of Object.values(RUN_ELSEWHERE)) expect(readFileSync(join(ROOT, file), 'utf8')).toContain(words)
  const [, notRun = ''] = /Not run:\s([^]*)$/.exec(readFileSync(join(ROOT, 'deploy/README.md'), 'utf8')) ?? []
  for (const program of NOT_RUN) expect(notRun).toContain(`\`${program}\``)
})

/** A shell in a group of its own, as a terminal has it; `when` waits for what it printed. */
function shell(command: string) {
  const child = Bun.spawn(['setsid', 'sh', '-c', command], { cwd: ROOT, env: { ...process.env, KUBECONFIG: '/dev/null' }, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
  const { notify, when } = changes()
  const output = { stdout: '', stderr: '' }
  const read = async (name: 'stdout' | 'stderr') => {
    for await (const text of child[name].pipeThrough(new TextDecoderStream())) {
      output[name] += text
      notify()
    }
  }
  const done = Promise.all([read('stdout'), read('stderr')])
  let isOver = false
  const ended = child.exited.then(async (code) => { isOver = true; await done; return code })
  /** Ctrl-C. */
  const stop = async () => {
    if (!isOver) process.kill(-child.pid, 'SIGINT')
    return ended
  }
  return { output, when, ended, stop }
}
const ran = async (command: string) => {
  const { output, ended } = shell(command)
  return { code: await ended, ...output }
}

test('the demo: what it tells to try works, and a running program explains', async () => {
  const demo = await keep(Promise.resolve(shell(DEV.replace('npm ci && ', ''))))
  expect(await demo.when(() => demo.output.stderr.includes('Ctrl-C ends.'), START_MS)).toBe(true)
  const tries = [...demo.output.stderr.matchAll(/^ {2}(curl .*?)(?: {2,}#.*)?$/gm)].map(([, command = '']) => command)
  const answers = await Promise.all(tries.map((command) => ran(`${command} -s -o /dev/null -w '%{http_code}'`)))
  expect(answers.map(({ stdout }) => stdout)).toEqual(['200', '200', '404'])
  const [, admin = ''] = /admin=(\S+)/.exec(demo.output.stderr) ?? []
  expect(await ran(EXPLAIN_RUNNING.replace('127.0.0.1:10254', admin))).toMatchObject({ code: 0, stdout: expect.stringContaining('cafe.example.com'), stderr: '' })
  await demo.stop()
  expect(demo.output.stderr).toContain('lintel: stopping on SIG')
}, 2 * START_MS)

test('standalone', async () => {
  const command = SERVE.replace('./manifests', folder).replace('8080', '0').replace('8443', '0')
  const program = await keep(Promise.resolve(shell(`${command} --healthz-port 0`)))
  expect(await program.when(() => program.output.stderr.includes('lintel: ready '), START_MS)).toBe(true)
  await program.stop()
  expect(program.output.stderr).toContain('lintel: stopping on SIG')
}, 2 * START_MS)

test('report and explain of the demo\'s folder', async () => {
  const report = await ran(REPORT)
  expect([report.stderr, JSON.parse(report.stdout)]).toEqual(['', expect.objectContaining({ ingressClass: 'nginx' })])
  expect(await ran(EXPLAIN)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^host +cafe\.example\.com\n/), stderr: '' })
}, START_MS)

test('convert in place', async () => {
  const file = join(folder, 'ingress.txt')
  const legacy = 'apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: old}\nspec: {backend: {serviceName: app, servicePort: 80}}\n'
  writeFileSync(file, legacy)
  expect(await ran(CONVERT.replaceAll('ingress.yaml', file))).toMatchObject({ code: 0, stdout: '' })
  expect(readFileSync(file, 'utf8')).toContain('apiVersion: networking.k8s.io/v1\n')
}, START_MS)
