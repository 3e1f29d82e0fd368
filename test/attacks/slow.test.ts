// Large answers that are not taken, and requests that do not come to their end, through the real program.
import { http2Slow } from './attacks.ts'
import { stood } from './stood.ts'

stood(http2Slow)
