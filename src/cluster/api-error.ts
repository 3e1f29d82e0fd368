// What the API server says when it refuses: an HTTP status with a `Status` object, or an ERROR event of a watch. Knows no transport.
import { textAt, valueAt } from './raw.ts'

/** code: as in HTTP. reason: Kubernetes' word for it, such as `Expired`. retryAfterMs: 0 where the server named no time. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: number
  readonly reason: string
  readonly retryAfterMs: number

  constructor({ code, reason, message, retryAfterMs = 0 }: { readonly code: number; readonly reason: string; readonly message: string; readonly retryAfterMs?: number }) {
    super(message)
    this.code = code
    this.reason = reason
    this.retryAfterMs = retryAfterMs
  }
}

/** Of an answer that is no success. The body is a `Status`, or whatever a proxy in between made of it. */
export async function refusalOf(response: Response): Promise<ApiError> {
  const retryAfterMs = 1000 * (Number(response.headers.get('retry-after')) || 0)
  return statusError(await jsonOrNull(response), { code: response.status, retryAfterMs })
}

/** object: of an ERROR event. */
export const errorEvent = (object: unknown): ApiError => statusError(object, { code: 0, retryAfterMs: 0 })

function statusError(status: unknown, { code, retryAfterMs }: { readonly code: number; readonly retryAfterMs: number }): ApiError {
  const told = valueAt(status, 'code')
  const known = code === 0 && typeof told === 'number' ? told : code
  return new ApiError({ code: known, reason: textAt(status, 'reason'), message: textAt(status, 'message') || `HTTP status ${known}`, retryAfterMs })
}

async function jsonOrNull(response: Response): Promise<unknown> {
  try {
    return await response.json()
  } catch {
    return null
  }
}
