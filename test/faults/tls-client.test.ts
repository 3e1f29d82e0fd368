// Clients that fail inside the ClientHello, the handshake and the record stream, above it HTTP/1 and HTTP/2.
import { broken } from './broken.ts'

broken('tls-client')
broken('tls-http2-client')
