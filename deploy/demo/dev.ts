// `npm run dev`: the café on this machine. Two backends on loopback, Lintel in front of them from deploy/demo/manifests,
// and three commands to try. Ctrl-C drains and ends with 0.
import { createServer } from 'node:net'
import { join, relative } from 'node:path'
import { demoBackend } from './backend.ts'
import { writeGenerated } from './generated.ts'
import { startLintel, type Addresses } from './lintel.ts'

const manifests = join(import.meta.dir, 'manifests')
const host = 'cafe.example.com'
/** One Ctrl-C in a terminal arrives twice, from the terminal and from npm; a second one by hand comes later than this. */
const sameSignalMs = 500

// Not console.error: it paints a terminal red.
const print = (text: string) => process.stderr.write(`${text}\n`)
const say = (line: string) => print(`demo: ${line}`)

const sayWhichSource = () => {
  if (!Bun.which('kubectl')) return
  const context = Bun.spawnSync(['kubectl', 'config', 'current-context']).stdout.toString().trim()
  if (context.startsWith('kind-')) say(`found the cluster ${context}, but the cluster source is not built yet: serving the demo folder`)
}

const isFree = (port: number): Promise<boolean> => new Promise((resolve) => {
  const probe = createServer()
  probe.once('error', () => resolve(false))
  probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
})

/** The usual port, else 0: the system picks a free one. */
const portFlag = async (flag: string, port: number): Promise<string> => {
  const free = await isFree(port)
  if (!free) say(`port ${port} is in use: taking a free one for ${flag}`)
  return `${flag}=${free ? port : 0}`
}

const sayWhatToTry = ({ http, https, admin }: Addresses, caFile: string) => {
  const port = https.slice(https.lastIndexOf(':') + 1)
  const curl = (path: string) => `curl --resolve ${host}:${port}:127.0.0.1 --cacert '${caFile}' https://${host}:${port}${path}`
  print(`
  http://${http}  https://${https}  admin http://${admin}

  ${curl('/tea')}
  ${curl('/coffee')}
  ${curl('/juice')}    # nobody serves it: 404

  Edit ${relative(process.cwd(), join(manifests, 'cafe.yaml'))} and ask again. Ctrl-C ends.
`)
}

sayWhichSource()
const backends = [demoBackend('tea-svc'), demoBackend('coffee-svc')]
const caFile = await writeGenerated(join(manifests, 'generated'), backends)
const lintel = startLintel({
  flags: [
    `--manifests=${manifests}`, '--configmap=default/lintel', '--bind-address=127.0.0.1', '--workers=1',
    await portFlag('--http-port', 8080), await portFlag('--https-port', 8443), await portFlag('--healthz-port', 10254),
  ],
  onLine: print,
})

let signalledAt = -Infinity
const passOn = () => {
  if (performance.now() - signalledAt < sameSignalMs) return
  signalledAt = performance.now()
  lintel.terminate()
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, passOn)

lintel.ready.then((addresses) => sayWhatToTry(addresses, caFile), () => {})
const code = await lintel.exited
await Promise.all(backends.map((backend) => backend.stop()))
process.exit(code)
