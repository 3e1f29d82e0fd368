// The same over TCP without TLS, by prior knowledge: one attack of each kind, which nothing holds up before it is cut.
import { framesWithoutUse } from './http2/frames-without-use.ts'
import { continuations } from './http2/continuation.ts'
import { rapidReset } from './http2/rapid-reset.ts'
import { slowloris } from './http1/slowloris.ts'
import { stood } from './stood.ts'

stood([rapidReset, ...framesWithoutUse.slice(0, 1), ...continuations.slice(0, 1), ...slowloris.filter(({ name }) => name === 'slowloris-head')], 'clear')
