// Upstreams that fail inside the handshake and the record stream of TLS, above it HTTP/1 and HTTP/2.
import { broken } from './broken.ts'

broken('tls-upstream')
broken('tls-http2-upstream')
