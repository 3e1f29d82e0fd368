// Field sections without an end, or that stand for more than they are, through the real program.
import { http2Fields } from './attacks.ts'
import { stood } from './stood.ts'

stood(http2Fields)
