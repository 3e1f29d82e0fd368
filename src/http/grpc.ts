// Answers of our own to gRPC calls: a status in HTTP means nothing to a stub, it reads grpc-status (gRPC over HTTP/2, "Responses").
import type { OwnAnswer } from './message.ts'

/** gRPC's own table, "HTTP to gRPC Status Code Mapping", and RESOURCE_EXHAUSTED for what is too large. */
const STATUS: Readonly<Record<number, number>> = { 400: 13, 401: 16, 403: 7, 404: 12, 408: 4, 413: 8, 429: 14, 431: 8, 502: 14, 503: 14, 504: 14 }
const UNKNOWN = 2

/** Not grpc-web: that speaks HTTP. */
export const isGrpc = (contentType: string | undefined): boolean => contentType !== undefined && /^application\/grpc(?:\+|;|$)/.test(contentType)

/** Fields of a trailers-only answer. Of grpc-message all but printable ASCII is percent-encoded. */
export const grpcFields = (own: OwnAnswer): [string, string][] => [
  ['content-type', 'application/grpc'],
  ['grpc-status', String(STATUS[own.status] ?? UNKNOWN)],
  ['grpc-message', own.body.trim().replace(/[^ -~]|%/gu, encodeURIComponent)],
]
