// HTTP/1 clients that fail inside heads, sized and chunked bodies, expectations, pipelines, and answers.
import { broken } from './broken.ts'

broken('http1-client')
