// Errors as answers: one place maps an outcome to what the client reads. Knows no routes.
import { DEADLINE_EXCEEDED } from './grpc.ts'
import { STATUS_TEXT } from './h1/status.ts'
import type { OwnAnswer, ProxyError } from './message.ts'

/** A short plain page: status, and in words what was wrong. */
export const refusal = (error: ProxyError): OwnAnswer => {
  const title = `${error.status} ${STATUS_TEXT[error.status] ?? 'Error'}`
  const body = error.message === '' ? `${title}\n` : `${title}: ${error.message}\n`
  return { status: error.status, fields: [], contentType: 'text/plain; charset=utf-8', body, ...(error.code === 'timeout_request' && { grpcStatus: DEADLINE_EXCEEDED }) }
}

/** Reason code of a head that was refused. */
export const codeOf = (status: number): string => CODES[status] ?? 'bad_request'
const CODES: Readonly<Record<number, string>> = { 405: 'bad_method', 408: 'timeout_header', 414: 'limit_header', 431: 'limit_header' }
