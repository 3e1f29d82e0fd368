// A node with some address families, as a network namespace of its own: runs a scene there (a file of this folder) and gives what it printed.
import { join } from 'node:path'

export type Stack = 'IPv6 only' | 'IPv6 disabled'

/** The loopback interface is all there is. */
const SET_UP: Readonly<Record<Stack, string>> = {
  'IPv6 only': 'ip link set lo up && ip address delete 127.0.0.1/8 dev lo',
  'IPv6 disabled': 'sysctl --quiet --write net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1 && ip link set lo up',
}

/** Whether this machine lets us: some forbid user namespaces. */
export const canIsolate = (): boolean => Bun.spawnSync(['unshare', '-Urn', 'true']).success

/** JSON that the scene printed. Rejects with its stderr. */
export async function on(stack: Stack, scene: string, ...args: readonly string[]): Promise<unknown> {
  const child = Bun.spawn(['unshare', '-Urn', 'sh', '-c', `${SET_UP[stack]} && exec "$@"`, 'sh', process.execPath, join(import.meta.dir, scene), ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [text, trouble, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  if (code !== 0) throw new Error(trouble)
  return JSON.parse(text)
}
