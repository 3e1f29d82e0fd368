// `npm run dev`: Lintel on this machine, on the kind cluster that kubectl points to, else on the café of this folder. Ctrl-C drains and ends with 0.
import { clusterDemo, kindContext } from './kind.ts'
import { folderDemo } from './folder.ts'
import { portFlag } from './free-port.ts'
import { startLintel } from './lintel.ts'

/** One Ctrl-C in a terminal arrives twice, from the terminal and from npm; a second one by hand comes later than this. */
const sameSignalMs = 500

// Not console.error: it paints a terminal red.
const print = (text: string) => process.stderr.write(`${text}\n`)
const say = (line: string) => print(`demo: ${line}`)

const context = kindContext()
const demo = context === null ? await folderDemo() : clusterDemo(context, say)
const lintel = startLintel({
  flags: [
    ...demo.flags, '--bind-address=127.0.0.1', '--workers=1',
    await portFlag('--http-port', 8080, say), await portFlag('--https-port', 8443, say), await portFlag('--healthz-port', 10254, say),
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

lintel.ready.then(async (addresses) => print(await demo.whatToTry(addresses)), () => {})
const code = await lintel.exited
await demo.stop()
process.exit(code)
