// Kinds of values in ConfigMaps and annotations: text as nginx and Go write it in, a checked value with a fixed unit out.
// Knows no key by name. Each message says what is expected, so that it can stand in an issue as the remedy.
import { isIP } from 'node:net'
import { z } from 'zod'

const TRUE = ['1', 't', 'T', 'true', 'TRUE', 'True']
const FALSE = ['0', 'f', 'F', 'false', 'FALSE', 'False']
const SECONDS_PER_UNIT: Readonly<Record<string, number>> = { ms: 0.001, s: 1, '': 1, m: 60, h: 3600, d: 86_400 }
const BYTES_PER_UNIT: Readonly<Record<string, number>> = { '': 1, b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 }
/** Timers hold 31 bits of milliseconds. */
const MAX_SECONDS = 2_147_483
const MAX_COUNT = 1_000_000_000
/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const FRAMING = ['connection', 'content-length', 'transfer-encoding', 'upgrade']
const OBJECT_NAME = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?\/[a-z0-9](?:[-.a-z0-9]*[a-z0-9])?$/

/** Go's strconv.ParseBool, which ingress-nginx reads booleans with. */
export const boolean = z
  .string()
  .refine((text) => TRUE.includes(text) || FALSE.includes(text), 'expected "true" or "false"')
  .transform((text) => TRUE.includes(text))

/** nginx's own way of saying it, in keys and annotations that nginx gets as they stand. */
export const onOff = z.enum(['on', 'off'], 'expected "on" or "off"').transform((text) => text === 'on')

/** nginx times, a bare number is seconds: `75`, `75s`, `2m`, `500ms`. In seconds; 0 is allowed. */
export const seconds = z
  .string()
  .regex(/^\d+(?:ms|s|m|h|d)?$/, 'expected seconds, such as 60 or 60s')
  .transform((text) => scaled(text, SECONDS_PER_UNIT))
  .refine((value) => value <= MAX_SECONDS, `expected at most ${MAX_SECONDS} seconds`)

/** As `seconds`, for deadlines, where 0 would fail every request. */
export const deadline = seconds.refine((value) => value > 0, 'expected more than 0 seconds')

/** Annotations take whole seconds without a unit; with one ingress-nginx ignores them. In seconds. */
export const wholeSeconds = z.string().regex(/^\d+$/, 'expected whole seconds without a unit, such as 60').pipe(deadline)

/** nginx sizes: `8192`, `8k`, `1m`, `1g`. In octets. */
export const bytes = z
  .string()
  .regex(/^\d+[bkmg]?$/i, 'expected a size, such as 8m or 512k')
  .transform((text) => scaled(text.toLowerCase(), BYTES_PER_UNIT))
  .refine(Number.isSafeInteger, 'expected a smaller size')

/** nginx buffers: number and size, `4 8k`. */
export const buffers = z
  .string()
  .regex(/^[1-9]\d{0,4}\s+[1-9]\d*[bkmg]?$/i, 'expected number and size, such as 4 8k')
  .transform((text) => {
    const [number = '', size = ''] = text.split(/\s+/)
    return { number: Number(number), bytes: scaled(size.toLowerCase(), BYTES_PER_UNIT) }
  })

export const count = wholeNumber(0, MAX_COUNT)

/** Comma separated, trimmed, without empty items. */
export const list = z.string().transform(items)

export const fieldName = z.string().regex(TOKEN, 'expected a header name')
export const cookieName = z.string().regex(TOKEN, 'expected a cookie name')

/** least_conn is ours. */
export const loadBalance = z.enum(['round_robin', 'ewma', 'least_conn'], 'expected round_robin, ewma or least_conn')

/** Header names in lower case; not those that say where a message ends (RFC 9112 §6). */
export const fieldNames = list
  .refine((names) => names.every((name) => TOKEN.test(name)), 'expected header names separated by commas')
  .transform((names) => names.map((name) => name.toLowerCase()))
  .refine((names) => !names.some((name) => FRAMING.includes(name)), `expected none of ${FRAMING.join(', ')}`)

/** Addresses and networks, `10.0.0.0/8` or `::1`. */
export const networks = list.refine((all) => all.every(isNetwork), 'expected addresses or networks separated by commas, such as 10.0.0.0/8')

/** `namespace/name`, or `` for none. */
export const objectName = z.string().refine((text) => text === '' || OBJECT_NAME.test(text), 'expected namespace/name')

/** Of answers, separated by commas, from `min` to `max`. */
export function statuses(min: number, max: number) {
  return list
    .refine((all) => all.every((one) => /^\d{3}$/.test(one) && Number(one) >= min && Number(one) <= max), `expected statuses from ${min} to ${max} separated by commas`)
    .transform((all) => all.map(Number))
}

export function wholeNumber(min: number, max: number) {
  return z
    .string()
    .regex(/^-?\d+$/, 'expected a whole number')
    .transform(Number)
    .refine((value) => value >= min && value <= max, `expected a whole number from ${min} to ${max}`)
}

const conditions = [
  'error', 'timeout', 'invalid_header', 'non_idempotent', 'http_500', 'http_502', 'http_503', 'http_504', 'http_403', 'http_404', 'http_429',
] as const
const condition = z.enum(conditions).or(z.literal('off'))

/** What nginx's proxy_next_upstream takes; `off` anywhere switches all of it off, as in nginx. */
export const retryConditions = z
  .string()
  .transform((text) => text.trim().split(/\s+/))
  .pipe(z.array(condition, `expected some of ${conditions.join(', ')} separated by spaces, or off`))
  .transform((all) => all.flatMap((one) => (one === 'off' || all.includes('off') ? [] : [one])))

function items(text: string): string[] {
  return text.split(',').map((item) => item.trim()).filter((item) => item !== '')
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
}

function scaled(text: string, units: Readonly<Record<string, number>>): number {
  const digits = text.match(/^\d+/)?.[0] ?? ''
  return Number(digits) * (units[text.slice(digits.length)] ?? NaN)
}
