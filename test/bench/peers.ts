// The proxies that can be measured. All have core 0, one worker, no access log, no limit of requests on a connection, and the fields
// on requests that ingress-nginx sets. A new one is a file in peers/ and a row here.
import { startHaproxy } from './peers/haproxy.ts'
import { startLintel } from './peers/lintel.ts'
import { startNginx } from './peers/nginx.ts'
import type { Peer } from './peers/peer.ts'
import type { Setup } from './setup.ts'

/** tool: what must be installed for it. */
type PeerKind = { readonly tool: string | null; start(setup: Setup): Promise<Peer> }

/** What costs are compared with. */
export const BASE = 'nginx'
export const OURS = 'lintel'
export const peerKinds: Readonly<Record<string, PeerKind>> = {
  [BASE]: { tool: 'nginx', start: startNginx },
  haproxy: { tool: 'haproxy', start: startHaproxy },
  [OURS]: { tool: null, start: startLintel },
}
