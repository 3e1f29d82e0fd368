// The step of custom-http-errors and default-backend, the first of its chain: what later steps refuse may have a page, too. Knows no answers.
import type { Route } from '../../model.ts'
import type { Step } from '../../policies/policy.ts'
import { contextOf } from '../request-context.ts'
import type { Serving } from '../serving.ts'
import { ErrorPages } from './pages.ts'

export const errorPages = ({ policies }: Route, serving: Serving): Step | null => {
  if (policies.errorPages === undefined) return null
  const pages = new ErrorPages(policies.errorPages, serving)
  return function errorPages(c, next) {
    contextOf(c).errorPages = pages
    return next()
  }
}
