// One collection followed for somebody, its troubles told in words. Knows no kinds.
import type { Issue } from '../model.ts'
import { type Follower, Reflector, type Timing } from './reflector.ts'
import { pathOf } from './resources.ts'
import type { Target } from './targets.ts'
import type { Api } from './transport.ts'
import { isForbidden, troubleOf } from './troubles.ts'

export type Followed = Pick<Follower, 'began' | 'page' | 'listed' | 'event'>
export type Following = { readonly api: Api; readonly timing: Timing; readonly signal: AbortSignal; report(origin: string, issues: readonly Issue[]): void }

/** Resolves with the first whole list; an optional one also without the right to it. */
export function follow({ resource, namespace, query, optional = false }: Target, followed: Followed, { api, timing, signal, report }: Following): Promise<void> {
  const first = Promise.withResolvers<void>()
  const path = pathOf(resource, namespace)
  const origin = `${path} ${JSON.stringify(query)}`
  const follower: Follower = {
    began: () => followed.began(),
    page: (items) => followed.page(items),
    listed: () => {
      followed.listed()
      first.resolve()
    },
    event: (type, raw) => followed.event(type, raw),
    failed: (error, failures) => {
      const trouble = troubleOf(error, failures, { resource, namespace })
      if (trouble !== null) report(origin, [trouble])
      if (optional && isForbidden(error)) first.resolve()
    },
    recovered: () => report(origin, []),
  }
  // What fails in a report is a defect: it ends the thread, which is restarted.
  new Reflector(api, { path, query }, { follower, timing }).follow(signal).catch((error: unknown) => { queueMicrotask(() => { throw error }) })
  return first.promise
}
