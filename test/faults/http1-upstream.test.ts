// HTTP/1 upstreams that fail before, inside and behind 1xx, heads, sized and chunked bodies, trailers.
import { broken } from './broken.ts'

broken('http1-upstream')
