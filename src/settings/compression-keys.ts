// The ConfigMap keys that say which answers are compressed, and how, as part of the schema of all; zstd's are our own. Knows no answers.
import { z } from 'zod'
import { boolean, count, wholeNumber } from './values.ts'

/**
 * Content codings that we can apply, in the order in which they go where a client likes them equally: zstd makes of JSON as little as
 * Brotli does, in a quarter of its time (bun.md §9).
 */
export const CODINGS = ['zstd', 'br', 'gzip'] as const
export type Coding = (typeof CODINGS)[number]

/**
 * Answers that a worker compresses at the same time: each holds 0.3 MiB (gzip), 0.9 (Brotli) or 1.2 (zstd), at the highest levels 4.5 (bun.md §9).
 * While there are more, the others go as they are.
 */
export const COMPRESSED_AT_ONCE = 128

const GZIP_TYPES = [
  'application/atom+xml', 'application/javascript', 'application/x-javascript', 'application/json', 'application/rss+xml', 'application/vnd.ms-fontobject',
  'application/x-font-ttf', 'application/x-web-app-manifest+json', 'application/xhtml+xml', 'application/xml', 'font/opentype', 'image/svg+xml', 'image/x-icon',
  'text/css', 'text/javascript', 'text/plain', 'text/x-component',
].join(' ')
const BROTLI_TYPES = `application/xml+rss ${GZIP_TYPES}`

const TYPE = /^(?:\*|[\w!#$&^.+-]+\/[\w!#$&^.+-]+)$/
const types = z
  .string()
  .transform((text) => text.toLowerCase().split(/[\s,]+/).filter((type) => type !== ''))
  .refine((all) => all.every((type) => TYPE.test(type)), 'expected media types separated by spaces, such as text/css, or *')
const userAgents = z.string().refine(isPattern, 'expected a regular expression, or msie6')

/** Above it each answer takes 5 to 40 MiB (bun.md §9). */
const MAX_ZSTD_LEVEL = 6
const ALSO = 'Media types that it compresses, separated by spaces; text/html always is one; *: all'

export const compressionKeys = {
  'use-gzip': boolean.prefault('false').describe('Compress answers with gzip for clients that accept it. See "Compression" below'),
  'gzip-level': wholeNumber(1, 9).prefault('1').describe('Its level, 1 to 9'),
  'gzip-min-length': count.prefault('256').describe('Smallest Content-Length that it compresses; an answer without one is compressed'),
  'gzip-types': types.prefault(GZIP_TYPES).describe(ALSO),
  'gzip-disable': userAgents.prefault('').describe('User agents that get no gzip: a regular expression without case, or msie6'),
  'enable-brotli': boolean.prefault('false').describe('Compress answers with Brotli for clients that accept it'),
  'brotli-level': wholeNumber(0, 11).prefault('4').describe('Its level, 0 to 11'),
  'brotli-min-length': count.prefault('20').describe('Smallest Content-Length that it compresses'),
  'brotli-types': types.prefault(BROTLI_TYPES).describe(ALSO),
  'enable-zstd': boolean.prefault('false').describe('Compress answers with zstd for clients that accept it. Not in ingress-nginx'),
  'zstd-level': wholeNumber(1, MAX_ZSTD_LEVEL).prefault('3').describe(`Its level, 1 to ${MAX_ZSTD_LEVEL}`),
  'zstd-min-length': count.prefault('256').describe('Smallest Content-Length that it compresses'),
  'zstd-types': types.prefault(BROTLI_TYPES).describe(ALSO),
}

/** What the ConfigMap keys that switch codings on say. */
export const CODING_KEYS = { zstd: 'enable-zstd', br: 'enable-brotli', gzip: 'use-gzip' } as const satisfies Record<Coding, keyof typeof compressionKeys>

function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'i')
    return true
  } catch {
    return false
  }
}
