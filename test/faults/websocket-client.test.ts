// Clients that fail inside the handshake of a tunnel and inside the tunnel, by HTTP/1 and by HTTP/2.
import { broken } from './broken.ts'

broken('websocket-client')
broken('websocket-http2-client')
