// The clients, in their own process: `load.ts OPTIONS`. They say `started` when each of them has been served once, work until the parent
// sends `stop`, then send what became of it. Every user of a rolled application is here: nothing may be lost by any of them.
import { callLane } from './call-lane.ts'
import { http1Lane, http2Lane } from './http-lane.ts'
import { loadOptions, type Tally } from './messages.ts'
import { socketLane } from './socket-lane.ts'

/** What a client works with. first: call it after the first thing that went well. */
export type Lane = { readonly port: number; readonly name: string; readonly tally: Tally; readonly first: () => void; isOver(): boolean }

const options = loadOptions.parse(JSON.parse(process.argv[2] ?? '{}'))
const tally: Tally = { requests: 0, calls: 0, sockets: 0, messages: 0, posted: [], lost: [] }
let over = false
const starts: Promise<void>[] = []
const lane = (name: string): Lane => {
  const { promise, resolve } = Promise.withResolvers<void>()
  starts.push(promise)
  return { port: options.port, name, tally, first: resolve, isOver: () => over }
}
const lanes = (kind: string, count: number, run: (lane: Lane) => Promise<void>) => Array.from({ length: count }, (_, i) => run(lane(`${kind}-${i}`)))

const everyMs = (options.http1 + options.http2) * 1000 / options.rate
const work = [
  ...lanes('http1', options.http1, (each) => http1Lane(each, everyMs)),
  ...lanes('http2', options.http2, (each) => http2Lane(each, everyMs)),
  ...lanes('call', options.calls, callLane),
  ...lanes('socket', options.sockets, socketLane),
]
process.on('message', () => { over = true })
process.once('disconnect', () => process.exit(0))
await Promise.all(starts)
process.send?.('started')
await Promise.all(work)
process.send?.(tally) // the parent, when it has it, ends us
