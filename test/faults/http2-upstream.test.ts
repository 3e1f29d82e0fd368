// HTTP/2 upstreams in clear that fail inside SETTINGS, 1xx, HEADERS, padded DATA, trailers.
import { broken } from './broken.ts'

broken('http2-upstream')
