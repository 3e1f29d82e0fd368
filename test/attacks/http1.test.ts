// HTTP/1 clients that never get to the point, or never stop, through the real program.
import { http1 } from './attacks.ts'
import { stood } from './stood.ts'

stood(http1)
