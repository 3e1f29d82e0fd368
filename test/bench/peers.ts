// The proxies that can be measured. All have one worker, keep-alive to the origin, no limit of requests on a connection, and the fields on
// requests that ingress-nginx sets, or what they have in place of them. A new one is a file in peers/ and a row here.
import { join } from 'node:path'
import { caddy } from './peers/caddy.ts'
import { envoy } from './peers/envoy.ts'
import { haproxy } from './peers/haproxy.ts'
import { lintel } from './peers/lintel.ts'
import { nginx } from './peers/nginx.ts'
import type { PeerKind } from './peers/peer.ts'
import { traefik } from './peers/traefik.ts'

/** What costs are compared with. */
export const BASE = 'nginx'
export const OURS = 'lintel'
export const ROOT = join(import.meta.dir, '..', '..')

export const peerKinds: Readonly<Record<string, PeerKind>> = { [BASE]: nginx, haproxy, envoy, traefik, caddy, [OURS]: lintel(ROOT) }
