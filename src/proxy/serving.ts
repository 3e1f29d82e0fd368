// What all requests of a worker share: the present table in the shape that serving needs, pools, and where records go.
// Replaced piece by piece when an update is applied; read by requests as they come.
import type { Clock } from '../http/clock.ts'
import { type FieldBlock, fieldBlock, type NameTable, requestNames } from '../http/fields.ts'
import type { ProxyRules } from '../http/listener.ts'
import type { Global } from '../model.ts'
import type { Settings } from '../settings.ts'
import type { Sink } from '../telemetry/record.ts'
import type { Backends } from '../upstream/backends.ts'
import type { Pools } from '../upstream/pools.ts'
import { AnswerPlans } from './answer-plan.ts'
import type { Coverage } from './certificates.ts'
import { type Trust, trustOf } from './client-view.ts'
import type { Compressors } from './compress/compressor.ts'
import type { Mirrors } from './mirrors.ts'
import type { Overload } from './overload.ts'
import { proxyRulesOf } from './proxy-rules.ts'
import type { RequestIds } from './request-ids.ts'
import type { SpillSpace } from './spill-space.ts'
import type { Texts } from './texts.ts'

/** What follows from Global, made anew when it changes. */
export type GlobalView = {
  readonly settings: Settings
  readonly fallback: Global['fallback']
  readonly plans: AnswerPlans
  readonly trust: Trust | null
  readonly proxyRules: ProxyRules | null
  /** X-Original-URI is sent. */
  readonly originalUri: boolean
  readonly requestNames: NameTable
  readonly requestFields: FieldBlock
  /** Names of requestFields, in lower case: they replace the client's fields and our own. */
  readonly requestFieldNames: ReadonlySet<string>
  /** Those fields of a block that proxy-set-headers leaves to us. */
  withoutTaken(block: FieldBlock): FieldBlock
}
export const globalView = (global: Global): GlobalView => {
  const requestFieldNames = new Set(global.requestFields.map(([name]) => name.toLowerCase()))
  const originalUri = global.settings['proxy-add-original-uri-header']
  return {
    settings: global.settings,
    fallback: global.fallback,
    plans: new AnswerPlans(global),
    trust: trustOf(global.settings),
    proxyRules: proxyRulesOf(global.settings),
    originalUri,
    requestNames: requestNames(originalUri ? [...requestFieldNames, 'x-original-uri'] : requestFieldNames),
    requestFields: fieldBlock(global.requestFields),
    requestFieldNames,
    withoutTaken: (block) => block.pairs.some(([name]) => requestFieldNames.has(name)) ? fieldBlock(block.pairs.filter(([name]) => !requestFieldNames.has(name))) : block,
  }
}

export type Serving = {
  readonly backends: Backends
  readonly pools: Pools
  readonly clock: Clock
  readonly ids: RequestIds
  readonly texts: Texts
  readonly space: SpillSpace
  readonly mirrors: Mirrors
  readonly compressors: Compressors
  readonly sink: Sink
  readonly coverage: Coverage
  readonly overload: Overload
  view: GlobalView
}
