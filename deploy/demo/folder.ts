// The café of deploy/demo/manifests: two backends on loopback, and what to try. Knows no cluster.
import { join, relative } from 'node:path'
import { demoBackend } from './backend.ts'
import { writeGenerated } from './generated.ts'
import type { Addresses } from './lintel.ts'
import type { Demo } from './demo.ts'

const manifests = join(import.meta.dir, 'manifests')
const host = 'cafe.example.com'

const whatToTry = ({ http, https, admin }: Addresses, caFile: string) => {
  const port = https.slice(https.lastIndexOf(':') + 1)
  const curl = (path: string) => `curl --resolve ${host}:${port}:127.0.0.1 --cacert '${caFile}' https://${host}:${port}${path}`
  return `
  http://${http}  https://${https}  admin http://${admin}

  ${curl('/tea')}
  ${curl('/coffee')}
  ${curl('/juice')}    # nobody serves it: 404

  Edit ${relative(process.cwd(), join(manifests, 'cafe.yaml'))} and ask again. Ctrl-C ends.
`
}

export const folderDemo = async (): Promise<Demo> => {
  const backends = [demoBackend('tea-svc'), demoBackend('coffee-svc')]
  const caFile = await writeGenerated(join(manifests, 'generated'), backends)
  return {
    flags: [`--manifests=${manifests}`, '--configmap=default/lintel'],
    whatToTry: async (addresses) => whatToTry(addresses, caFile),
    stop: async () => { await Promise.all(backends.map((backend) => backend.stop())) },
  }
}
