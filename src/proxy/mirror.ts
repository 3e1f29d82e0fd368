// The step of mirror-target: a copy of the request goes its own way. Knows no endpoints.
import type { Route } from '../model.ts'
import type { Step } from '../policies/policy.ts'
import { MIRROR_FIELD, MirrorCopy } from './mirror-copy.ts'
import { contextOf, type RequestContext } from './request-context.ts'
import type { Serving } from './serving.ts'

export const mirror = ({ policies }: Route, { mirrors }: Serving): Step | null => {
  const { mirror: options, timeouts } = policies
  if (options === undefined) return null
  return function mirror(c, next) {
    const context = contextOf(c)
    if (isMirrored(context)) {
      if (mirrors.enter()) context.mirror(new MirrorCopy(context, { mirror: options, timeouts, mirrors }))
      else mirrors.dropped('copies')
    }
    return next()
  }
}

/** nginx copies no copy either; what follows a handshake is no request. */
const isMirrored = ({ exchange: { request } }: RequestContext) => request.field(MIRROR_FIELD) === undefined && request.upgrade === ''
