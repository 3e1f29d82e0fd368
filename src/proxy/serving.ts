// What all requests of a worker share: the present table in the shape that serving needs, pools, and where records go.
// Replaced piece by piece when an update is applied; read by requests as they come.
import { FieldBlock, type NameTable, noFields, requestNames } from '../http/fields.ts'
import type { Global } from '../model.ts'
import type { Sink } from '../telemetry/record.ts'
import type { Backends } from '../upstream/backends.ts'
import type { Pools } from '../upstream/pool.ts'
import { AnswerPlans } from './answer-plan.ts'
import { type Trust, trustOf } from './client-view.ts'
import type { RequestIds } from './request-ids.ts'

/** What follows from Global, made anew when it changes. */
export type GlobalView = {
  readonly plans: AnswerPlans
  readonly trust: Trust | null
  readonly requestNames: NameTable
  readonly requestFields: FieldBlock
}
export const globalView = (global: Global): GlobalView => ({
  plans: new AnswerPlans(global),
  trust: trustOf(global.settings),
  requestNames: requestNames(global.requestFields.map(([name]) => name.toLowerCase())),
  requestFields: global.requestFields.length === 0 ? noFields : new FieldBlock(global.requestFields),
})

export type Serving = {
  readonly backends: Backends
  readonly pools: Pools
  readonly ids: RequestIds
  readonly sink: Sink
  view: GlobalView
}
