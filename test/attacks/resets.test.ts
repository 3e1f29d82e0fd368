// Streams that end before their time, by the client or because of it, through the real program.
import { http2Resets } from './attacks.ts'
import { stood } from './stood.ts'

stood(http2Resets)
