// The step of use-gzip, enable-brotli and enable-zstd: answers of the route may be compressed. Knows no answers.
import type { Route } from '../../model.ts'
import type { Step } from '../../policies/policy.ts'
import { contextOf } from '../request-context.ts'
import type { Serving } from '../serving.ts'
import { Compression } from './compression.ts'

export const compress = ({ policies }: Route, { view, compressors }: Serving): Step | null => {
  if (policies.compression === undefined) return null
  const compression = new Compression(policies.compression.codings, view.settings, compressors)
  return function compress(c, next) {
    contextOf(c).compression = compression
    return next()
  }
}
