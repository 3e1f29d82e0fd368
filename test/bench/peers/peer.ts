// What all proxies under measurement have in common: their core, and how one is started. Knows none of them.
import { accepts } from '../../support/ports.ts'
import { until } from '../../support/until.ts'
import { startChild } from '../child.ts'

/** pid: of the process whose CPU counts, with its children. */
export type Peer = { readonly name: string; readonly port: number; readonly pid: number; stop(): Promise<unknown> }

export const proxyCore = 0
export const onProxyCore = ['taskset', '-c', `${proxyCore}`]
/** No limit, for those who need a number. */
export const UNLIMITED = '100000000'

export const startPeer = async (name: string, port: number, command: readonly string[]): Promise<Peer> => {
  const { pid, stop } = startChild([...onProxyCore, ...command])
  await until(`${name} accepts connections`, () => accepts(port))
  return { name, port, pid, stop }
}
