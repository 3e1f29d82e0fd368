// What each key of `expected` demands: one row for each. A key without a row, or a value that its row can't read, is not checked
// and must skip the case. Pure, but for program output.
import { z } from 'zod'
import { SERVED_BY } from '../../support/echo.ts'
import { values, type FieldLine, type ResponseMessage } from '../../support/http1.ts'
import { show } from '../outcome.ts'
import { fieldPattern, isPresence, sameLocation, type Ports } from './field-values.ts'
import type { Expected } from './case.ts'
import { complain, equal, everyReached, everyResponse, peer, row, type Checker, type Row } from './checks.ts'
import type { PeerTls, Seen } from './request.ts'

/** Characters of an unexpected answer's body: enough to tell who sent it. */
const BODY_SHOWN = 60

const STATUS = z.union([z.number().int(), z.string().regex(/^\d(\d\d|xx)$/)])
const TEXTS = z.union([z.string().transform((text) => [text]), z.array(z.string())])
const NAMES = z.array(z.string())
const VALUES = z
  .record(z.string(), z.union([z.string(), z.number()]).transform(String))
  .refine((fields) => Object.values(fields).every((value) => fieldPattern(value) !== undefined))
const SECONDS = z
  .string()
  .regex(/\d+ ?s/)
  .transform((text) => Number(/\d+/.exec(text)?.[0]))

const ROWS: Readonly<Record<string, Row>> = {
  status: row(z.union([STATUS.transform((status) => [status]), z.array(STATUS)]), everyResponse(statusIs)),
  headers: row(
    VALUES,
    everyResponse((response, expected, { ports }) =>
      Object.entries(expected).flatMap(([name, value]) => headerIs(response, [name, value], ports)),
    ),
  ),
  headers_absent: row(
    NAMES,
    everyResponse(({ fields }, names) => names.flatMap((name) => equal(name, values(fields, name), []))),
  ),
  header_count: row(
    z.record(z.string(), z.number()),
    everyResponse(({ fields }, counts) =>
      Object.entries(counts).flatMap(([name, count]) => equal(`number of ${name} lines`, values(fields, name).length, count)),
    ),
  ),
  served_by: row(
    z.string(),
    everyResponse(({ fields }, service) => equal('served by', values(fields, SERVED_BY), [service])),
  ),
  body: row(
    z.string(),
    everyResponse(({ body }, expected) => equal('body', body, expected)),
  ),
  body_contains: row(
    TEXTS,
    everyResponse(({ body }, texts) =>
      texts.flatMap((text) => complain(!body.includes(text), `body: expected it to contain ${show(text)}, got`, body)),
    ),
  ),
  body_not_contains: row(
    TEXTS,
    everyResponse(({ body }, texts) =>
      texts.flatMap((text) => complain(body.includes(text), `body: expected it without ${show(text)}, got`, body)),
    ),
  ),
  set_cookie: row(
    z.union([
      z.string().transform((name) => [`${name}=`]),
      z.strictObject({ contains: z.array(z.string()) }).transform(({ contains }) => contains),
    ]),
    everyResponse(setsCookie),
  ),
  no_set_cookie: row(
    z.union([z.string(), z.literal(true)]),
    everyResponse(({ fields }, name) =>
      complain(
        values(fields, 'set-cookie').some((line) => name === true || line.startsWith(`${name}=`)),
        'Set-Cookie: expected none, got',
        values(fields, 'set-cookie'),
      ),
    ),
  ),
  counts: row(z.record(z.string(), z.coerce.number()), ({ responses }, expected) =>
    equal('answers by status', countBy(responses.map((response) => String(response?.status))), expected),
  ),
  duration: row(SECONDS, ({ durationMs }, seconds) =>
    complain(
      durationMs < seconds * 800 || durationMs > seconds * 1000 + 2000,
      `duration: expected about ${seconds} s, got ms`,
      Math.round(durationMs),
    ),
  ),
  echo: row(z.literal(true), ({ websocketEchoed }) =>
    complain(!websocketEchoed, 'WebSocket: expected the text frame back, got', 'nothing'),
  ),
  exit_within: row(SECONDS, ({ exit }, seconds) =>
    complain(exit?.code !== 0 || exit.ms > seconds * 1000, `exit: expected code 0 within ${seconds} s, got`, exit),
  ),
  no_reload: row(z.literal(true), (_, __, { running }) => complain(!running, 'process: expected the same one, got', 'an exit')),
  log_contains: row(TEXTS, (_, texts, { said }) =>
    texts.flatMap((text) => complain(!said.includes(text), `output and issues: expected ${show(text)}, got`, said)),
  ),

  'upstream.path': row(
    z.string(),
    everyReached(({ target }, expected) => equal('path', target, expected)),
  ),
  'upstream.proto': row(
    z.string(),
    everyReached(({ version }, expected) => equal('version', version, expected)),
  ),
  'upstream.headers': row(
    VALUES,
    everyReached(({ fields }, expected, { ports }) =>
      Object.entries(expected).flatMap(([name, value]) => fieldIs(fields, [name, value], ports)),
    ),
  ),
  'upstream.headers_absent': row(
    NAMES,
    everyReached(({ fields }, names) => names.flatMap((name) => equal(name, values(fields, name), []))),
  ),
  'upstream.tls': row(
    z.boolean(),
    everyReached(({ connection }, expected) => equal('TLS', connection.tls !== null, expected)),
  ),
  'upstream.sni': row(
    z.string(),
    everyReached(({ connection }, expected) => equal('SNI', connection.tls?.sni, expected)),
  ),
  'upstream.client_cert': row(
    z.boolean(),
    everyReached(({ connection }, expected) => equal('client certificate', connection.tls?.clientCertificate, expected)),
  ),

  'tls.version': row(
    z.string(),
    peer(({ version }, expected) => equal('version', version, expected)),
  ),
  'tls.cipher': row(
    z.string(),
    peer(({ cipher }, expected) => equal('cipher', cipher, expected)),
  ),
  'tls.cert_dns': row(
    z.string(),
    peer(({ certificate }, name) =>
      complain(!namesOf(certificate).includes(name), `certificate: expected it for ${name}, got`, namesOf(certificate)),
    ),
  ),
  'tls.cert': row(
    z.string().regex(/^[\w.-]+$/),
    peer(({ certificate }, secret, { fingerprints }) =>
      equal(`certificate of Secret ${secret}`, certificate.fingerprint256, fingerprints.get(secret) ?? 'no such Secret'),
    ),
  ),
  'tls.issuer_cn': row(
    z.string(),
    peer(({ certificate }, expected) => equal('issuer CN', certificate.issuer?.CN, expected)),
  ),
  'tls.org': row(
    z.string(),
    peer(({ certificate }, expected) => equal('organisation', certificate.subject?.O, expected)),
  ),
  'tls.chain_length': row(
    z.number(),
    peer(({ chainLength }, expected) => equal('chain length', chainLength, expected)),
  ),

  'distribution.per_pod': row(z.number(), (seen, each) => equal('requests by replica', [...new Set(replicaCounts(seen))], [each])),
  'distribution.distinct_pods': row(z.number(), (seen, expected) => equal('replicas used', replicaCounts(seen).length, expected)),
  'distribution.main_min': row(z.number(), atLeast('main')),
  'distribution.canary_min': row(z.number(), atLeast('canary')),
}

const NESTED = ['upstream', 'tls', 'distribution']

/** The checks of a step, and what in it can't be checked. */
export function plan(expected: Expected): { checkers: Checker[]; cannot: string[] } {
  const checkers: Checker[] = []
  const cannot: string[] = []
  for (const [key, value] of Object.entries(expected).flatMap(flat)) {
    const checker = ROWS[key]?.(value)
    if (checker) checkers.push(checker)
    else cannot.push(`expected.${key}: ${show(value)}`)
  }
  if (checkers.length === 0 && cannot.length === 0) cannot.push('expected: nothing is stated')
  return { checkers, cannot }
}

function flat([key, value]: [string, unknown]): [string, unknown][] {
  if (!NESTED.includes(key) || typeof value !== 'object' || value === null) return [[key, value]]
  return Object.entries(value).map(([inner, each]) => [`${key}.${inner}`, each])
}

function statusIs({ status, body }: ResponseMessage, expected: readonly (number | string)[]): string[] {
  const matches = expected.some(
    (code) => String(status) === String(code) || (typeof code === 'string' && code.endsWith('xx') && code[0] === String(status)[0]),
  )
  return matches ? [] : [`status: expected ${expected.join(' or ')}, got ${status} ${show(body.slice(0, BODY_SHOWN))}`]
}

function headerIs(response: ResponseMessage, [name, expected]: FieldLine, ports: Ports): string[] {
  const got = values(response.fields, name)
  if (isPresence(name, expected)) return complain(got.length === 0, `${name}: expected present, got`, response.fields)
  if (name.toLowerCase() === 'location')
    return complain(!sameLocation(got.join(), expected, ports), `Location: expected ${show(expected)}, got`, got)
  return fieldIs(response.fields, [name, expected], ports)
}

function fieldIs(fields: readonly FieldLine[], [name, expected]: FieldLine, ports: Ports): string[] {
  const got = values(fields, name)
  const matches = fieldPattern(expected, { name, ports })
  return complain(got.length !== 1 || !matches?.(got[0] ?? ''), `${name}: expected ${show(expected)}, got`, got)
}

/** All texts in one Set-Cookie line; attribute names are case-insensitive (RFC 6265 §5.2). */
function setsCookie({ fields }: ResponseMessage, texts: readonly string[]): string[] {
  const lines = values(fields, 'set-cookie')
  const holds = (line: string) => texts.every((text) => line.toLowerCase().includes(text.toLowerCase()))
  return complain(!lines.some(holds), `Set-Cookie: expected a line with ${show(texts)}, got`, lines)
}

function namesOf({ subject, subjectaltname = '' }: PeerTls['certificate']): string[] {
  return [...[subject?.CN ?? []].flat(), ...[...subjectaltname.matchAll(/DNS:([^,\s]+)/g)].map(([, name = '']) => name)]
}

function replicaCounts({ reached }: Seen): number[] {
  return Object.values(countBy(reached.map(({ service, replica }) => `${service} ${replica}`)))
}

function atLeast(service: string) {
  return ({ responses }: Seen, minimum: number): string[] => {
    const served = responses.filter((response) => response && values(response.fields, SERVED_BY)[0] === service).length
    return complain(served < minimum, `served by ${service}: expected at least ${minimum}, got`, served)
  }
}

function countBy(keys: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const key of keys) counts[key] = (counts[key] ?? 0) + 1
  return counts
}
