// Which content codings answers of a route may get: those that the ConfigMap switches on, or those that the Ingress names. Knows no routes.
import { z } from 'zod'
import type { Policies } from '../model.ts'
import { CODING_KEYS, type Coding, CODINGS, type Settings } from '../settings.ts'

const EXPECTED = `expected off, or some of ${CODINGS.join(', ')}`
const codings = z
  .string()
  .transform((text) => (text === 'off' ? [] : text.split(/[\s,]+/).filter((name) => name !== '')))
  .pipe(z.array(z.enum(CODINGS, EXPECTED)))

export const compressionAnnotations = {
  'lintel.dev/compression': codings.optional()
    .describe('Content codings for answers, the dearest to us first, such as `zstd, br, gzip`; `off`: none. Whatever use-gzip and its like say. Default: the ConfigMap'),
}

type Keys = Pick<Settings, (typeof CODING_KEYS)[Coding]>
type Values = { readonly 'lintel.dev/compression'?: readonly Coding[] | undefined }

export function compressionOf(values: Values, settings: Keys): Policies['compression'] {
  const named = values['lintel.dev/compression'] ?? CODINGS.filter((coding) => settings[CODING_KEYS[coding]])
  return named.length === 0 ? undefined : { codings: [...new Set(named)] }
}
