// permanent-redirect, temporal-redirect and app-root: answers that need no upstream.
import type { Policy } from './policy.ts'

export const redirect: Policy<'redirect'> = ({ to, status }) => {
  const headers = { location: to }
  return function redirect() { return new Response(null, { status, headers }) }
}

/** The path `/` alone is sent to the application's own root. Location is absolute, as nginx makes it: clients of 2010 ask for that. */
export const appRoot: Policy<'appRoot'> = ({ to }) => function appRoot(c, next) {
  if (c.env.path !== '/') return next()
  const location = to.startsWith('/') ? `${c.env.scheme}://${c.env.host}${to}` : to
  return new Response(null, { status: 302, headers: { location } })
}
