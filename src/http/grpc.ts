// Answers of our own to gRPC calls: a status in HTTP means nothing to a stub, it reads grpc-status (gRPC over HTTP/2, "Responses").
import type { OwnAnswer } from './message.ts'

/** gRPC's own table, "HTTP to gRPC Status Code Mapping", and RESOURCE_EXHAUSTED for what is too large. */
const STATUS: Readonly<Record<number, number>> = { 400: 13, 401: 16, 403: 7, 404: 12, 408: 4, 413: 8, 429: 14, 431: 8, 502: 14, 503: 14, 504: 14 }
const UNKNOWN = 2
/** Of a call whose own deadline has passed. */
export const DEADLINE_EXCEEDED = 4

const TIMEOUT = /^(\d{1,8})([HMSmun])$/
const MS_PER_UNIT: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 }

/** grpc-timeout in ms; Infinity where there is none, or one that is not in order: the server will say so. */
export const grpcTimeoutMs = (text: string | undefined): number => {
  const [, digits = '', unit = ''] = TIMEOUT.exec(text ?? '') ?? []
  return digits === '' ? Infinity : Number(digits) * (MS_PER_UNIT[unit] ?? Infinity)
}

/** Not gRPC-Web: its trailers are in the body, and where none came its clients go by the status in HTTP, as any script of a page does. */
export const isGrpc = (contentType: string | undefined): boolean => contentType !== undefined && /^application\/grpc(?:\+|;|$)/.test(contentType)

/** Fields of a trailers-only answer. Of grpc-message all but printable ASCII is percent-encoded. */
export const grpcFields = (own: OwnAnswer): [string, string][] => [
  ['content-type', 'application/grpc'],
  ['grpc-status', String(own.grpcStatus ?? STATUS[own.status] ?? UNKNOWN)],
  ['grpc-message', own.body.trim().replace(/[^ -~]|%/gu, encodeURIComponent)],
]
