// Handshakes that are begun and left, or asked for again, through the real program.
import { tls } from './attacks.ts'
import { stood } from './stood.ts'

stood(tls)
