// upstream-vhost: the Host that the upstream sees; X-Forwarded-Host keeps the client's.
import type { Policy } from './policy.ts'

export const upstreamHost: Policy<'upstreamHost'> = ({ host }) => function upstreamHost(c, next) {
  c.env.upstreamHost = host
  return next()
}
