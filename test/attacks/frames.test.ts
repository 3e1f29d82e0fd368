// Frames that carry nothing, through the real program.
import { http2Frames } from './attacks.ts'
import { stood } from './stood.ts'

stood(http2Frames)
