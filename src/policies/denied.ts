// Fail closed: a route whose protection could not be understood is not served without it (ingress-nginx.md F1).
import { ProxyError } from '../http/message.ts'
import type { Policy } from './policy.ts'

export const denied: Policy<'denied'> = ({ reason, status = 503 }) => function denied() {
  throw new ProxyError('internal', 'denied', { status, message: `this route is not served: ${reason}` })
}
