// proxy-body-size: a declared length is refused at once, an undeclared one when it has grown too long.
import { ProxyError } from '../http/message.ts'
import type { Policy } from './policy.ts'

export const bodyLimit: Policy<'bodyLimit'> = ({ bytes }) => function bodyLimit(c, next) {
  const { exchange } = c.env
  if (bytes > 0 && (exchange.request.length > bytes || exchange.first.size > bytes)) {
    throw new ProxyError('downstream', 'limit_body', { status: 413, message: `the body exceeds ${bytes} octets` })
  }
  exchange.bodyLimit = bytes
  return next()
}
