// Upstreams that fail inside the handshake of a tunnel and inside the tunnel of clients by HTTP/1 and by HTTP/2.
import { broken } from './broken.ts'

broken('websocket-upstream')
broken('websocket-http2-upstream')
