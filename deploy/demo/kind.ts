// The kind cluster that kubectl points to, with the rights of its kubeconfig: what is served, and whether its pods can be reached from here.
// Knows no café.
import { connect } from 'node:net'
import { z } from 'zod'
import type { Demo } from './demo.ts'
import type { Addresses } from './lintel.ts'

const REACH_MS = 1000
const MOST_HOSTS = 10
const tableSchema = z.object({
  hosts: z.array(z.object({ host: z.string() })),
  backends: z.array(z.object({ endpoints: z.array(z.object({ address: z.string(), port: z.number() })) })),
})

/** null: kubectl is not there, or points to something else, which is nobody's to try things on. */
export const kindContext = (): string | null => {
  if (!Bun.which('kubectl')) return null
  const context = Bun.spawnSync(['kubectl', 'config', 'current-context']).stdout.toString().trim()
  return context.startsWith('kind-') ? context : null
}

/** Nothing is written to the cluster: no status, no Events. */
export const clusterDemo = (context: string, say: (line: string) => void): Demo => {
  say(`serving the cluster of the context ${context}; for the folder of this demo choose another: kubectl config unset current-context`)
  return {
    flags: ['--watch-ingress-without-class', '--disable-leader-election'],
    whatToTry: (addresses) => whatToTry(addresses, context),
    stop: async () => {},
  }
}

async function whatToTry({ http, https, admin }: Addresses, context: string): Promise<string> {
  const { hosts, backends } = tableSchema.parse(await (await fetch(`http://${admin}/table`)).json())
  const port = http.slice(http.lastIndexOf(':') + 1)
  const tries = hosts.slice(0, MOST_HOSTS).map(({ host }) => `  curl -H 'Host: ${host.replace('*', 'any') || 'any.example'}' http://127.0.0.1:${port}/`)
  const more = hosts.length > MOST_HOSTS ? [`  and ${hosts.length - MOST_HOSTS} more hosts: http://${admin}/table`] : []
  const none = hosts.length === 0 ? ['  No Ingress yet: kubectl apply one, it is live at once.'] : []
  return ['', `  http://${http}  https://${https}  admin http://${admin}`, '', ...tries, ...more, ...none, ...await adviceOn(backends.flatMap(({ endpoints }) => endpoints), context), ''].join('\n')
}

/** Nothing where a pod can be reached. kind's pods have addresses inside the node's container, to which only a route on Linux leads. */
async function adviceOn([first]: readonly { readonly address: string; readonly port: number }[], context: string): Promise<readonly string[]> {
  if (first === undefined || await reaches(first)) return []
  const node = `${context.replace(/^kind-/, '')}-control-plane`
  return [
    '',
    `  Pods can't be reached from here (${first.address} port ${first.port} does not answer): requests will end with 502 or 504. On Linux, give their network a route:`,
    `    sudo ip route add $(kubectl get node ${node} -o jsonpath={.spec.podCIDR}) via $(docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' ${node})`,
    '  With Docker Desktop run Lintel in the cluster instead (deploy/README.md), behind its NodePort or kubectl port-forward.',
  ]
}

const reaches = ({ address, port }: { readonly address: string; readonly port: number }): Promise<boolean> => new Promise((resolve) => {
  const socket = connect({ host: address, port, timeout: REACH_MS })
  const settle = (reached: boolean) => () => {
    socket.destroy()
    resolve(reached)
  }
  socket.once('connect', settle(true)).once('timeout', settle(false)).once('error', settle(false))
})
