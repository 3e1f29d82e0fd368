// The annotations that have requests copied to a mirror: part of the schema of all, and what they become. Knows no routes.
import { z } from 'zod'
import type { Mirror } from '../model.ts'
import { onOff } from '../settings/values.ts'
import { unknownVariable } from './request-variables.ts'

/** Scheme, host, port, the rest. A host that clients could choose would make of the proxy a way to anywhere, so that it has no variables. */
const TARGET = /^(https?):\/\/(\[[0-9a-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?((?:[/$][\w.~:/?@!&'()*+,;=%${}-]*)?)$/i
const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 }
const MAX_PORT = 65_535

type MirrorTarget = Omit<Mirror, 'body'>

const target = z.string().transform((text, context): MirrorTarget => {
  const [, scheme = '', host = '', digits, rest = ''] = TARGET.exec(text) ?? []
  const port = digits === undefined ? DEFAULT_PORTS[scheme.toLowerCase()] ?? 0 : Number(digits)
  const unknown = unknownVariable(rest)
  if (host === '') context.addIssue({ code: 'custom', message: 'expected an http or https URL with a fixed host, such as https://mirror.example$request_uri' })
  else if (port === 0 || port > MAX_PORT) context.addIssue({ code: 'custom', message: `expected a port from 1 to ${MAX_PORT}` })
  else if (unknown !== undefined) context.addIssue({ code: 'custom', message: `$${unknown} is no variable that Lintel has; expected such as $request_uri` })
  const address = host.startsWith('[') ? host.slice(1, -1) : host
  return { address, port, tls: scheme.toLowerCase() === 'https', host: digits === undefined ? host : `${host}:${digits}`, target: pathOf(rest) }
})

/** nginx appends the query of the request to a fixed path; a path with variables has what it needs. */
function pathOf(rest: string): string {
  if (rest === '$request_uri' || rest === '${request_uri}') return ''
  return rest === '' || rest.includes('$') || rest.includes('?') ? rest : `${rest}$is_args$args`
}

export const mirrorAnnotations = {
  'mirror-target': target.optional()
    .describe('URL that a copy of each request goes to, with variables in path and query; without both it has those of the request. '
      + 'Answers are thrown away, certificates not verified. Copies are dropped where there are too many, or their bodies exceed 1m'),
  'mirror-host': z.string().regex(/^[\w.:[\]-]+$/, 'expected a host without variables').optional().describe('Host field of the copies. Default: the host of mirror-target'),
  'mirror-request-body': onOff.optional().describe('`off`: copies have no body. Default: on'),
}
type MirrorValues = { readonly [K in keyof typeof mirrorAnnotations]?: z.output<(typeof mirrorAnnotations)[K]> }

export function mirrorOf(values: MirrorValues): Mirror | undefined {
  const mirrored = values['mirror-target']
  if (mirrored === undefined) return undefined
  return { ...mirrored, host: values['mirror-host'] ?? mirrored.host, body: values['mirror-request-body'] ?? true }
}
