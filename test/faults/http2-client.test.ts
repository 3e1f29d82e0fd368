// HTTP/2 clients that fail inside the preface, SETTINGS, HEADERS, CONTINUATION, padded DATA, trailers, and answers.
import { broken } from './broken.ts'

broken('http2-client')
