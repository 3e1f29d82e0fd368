// Cookies of a request, one by name. Knows no attributes: those travel in Set-Cookie alone.
import type { ReceivedRequest } from './message.ts'

/** As nginx reads `$cookie_name`: without regard to case, the first one; its value as it stands. Made once, asked for each request. */
export function cookieReader(name: string): (request: Pick<ReceivedRequest, 'field' | 'fields'>) => string | undefined {
  const pattern = new RegExp(`(?:^|[;,]) *${RegExp.escape(name)} *= *([^;]*)`, 'i')
  return function read(request) {
    const first = request.field('cookie')
    if (first === undefined) return undefined
    const found = pattern.exec(first)
    return found === null ? elsewhere(pattern, request.fields('cookie')) : found[1]
  }
}

/** More than one line is rare: proxies in front of us make them. */
function elsewhere(pattern: RegExp, lines: readonly string[]): string | undefined {
  for (const line of lines) {
    const found = pattern.exec(line)
    if (found !== null) return found[1]
  }
  return undefined
}
