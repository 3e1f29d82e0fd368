// Request targets and hosts (RFC 9112 §3.2, RFC 3986): four forms, one reading. The path is normalised here, once, for routing and
// for what the upstream gets. Knows no message.
import { CLASS, HOST } from './octets.ts'

/** Host or host:port, IPv6 in brackets. Stricter than RFC 3986's reg-name: what browsers and DNS know, nothing that upstreams read differently. */
export const isHost = (text: string): boolean => {
  if (text.charCodeAt(0) === 91) return /^\[[0-9a-fA-F:.]{2,45}\](:\d{1,5})?$/.test(text)
  let i = 0
  while (i < text.length && (CLASS[text.charCodeAt(i)]! & HOST) !== 0) i++
  return i > 0 && (i === text.length || /^:\d{0,5}$/.test(text.slice(i)))
}

/** Lower case, without port and trailing dot: the key of a host in the table. */
export const hostName = (host: string): string => {
  const colon = host.lastIndexOf(':')
  const bare = colon > 0 && !host.endsWith(']') ? host.slice(0, colon) : host
  return (bare.endsWith('.') ? bare.slice(0, -1) : bare).toLowerCase()
}

/** `path` decides the route; `target` is what goes upstream. fault: why the target can't be read in one way only. */
export type Target = { readonly path: string; readonly target: string; readonly host: string | null } | { readonly fault: string }

/** A target that does not start with `/`: absolute-form as proxies get it, or `*` for OPTIONS. CONNECT's authority-form is refused before. */
export const absoluteTarget = (raw: string, method: string): Target => {
  if (raw === '*') return method === 'OPTIONS' ? { path: '*', target: '*', host: null } : { fault: 'the target * is for OPTIONS only' }
  const form = /^https?:\/\/([^/?#]*)([^#]*)$/i.exec(raw)
  if (form === null) return { fault: 'the target is neither a path nor an absolute URI' }
  const host = form[1]!
  if (!isHost(host)) return { fault: 'the authority of the target is not a host' }
  const origin = form[2]!.startsWith('/') ? form[2]! : `/${form[2]!}`
  const read = originTarget(origin)
  return 'fault' in read ? read : { ...read, host }
}

/** An origin-form target that has something odd in its path (`%`, `//`, `/.`, `\`, `#`): RFC 3986 §5.2.4 and §6.2.2, applied exactly once. */
export const originTarget = (raw: string): Target => {
  if (raw.includes('#')) return { fault: 'a fragment in the target' }
  const mark = raw.indexOf('?')
  const rawPath = mark < 0 ? raw : raw.slice(0, mark)
  if (rawPath.includes('\\')) return { fault: 'a backslash in the path' }
  if (/%(?![0-9a-fA-F]{2})/.test(rawPath)) return { fault: 'a percent sign without two hexadecimal digits in the path' }
  const segments = rawPath.split('/').slice(1)
  const kept: string[] = []
  for (const [index, segment] of segments.entries()) {
    const plain = segment.replace(/%2e/gi, '.')
    if (hidesDots(segment)) return { fault: 'dot segments behind an encoded slash' }
    if (plain !== '.' && plain !== '..') { kept.push(segment); continue }
    if (plain === '..' && kept.pop() === undefined) return { fault: 'the path leaves the root' }
    if (index === segments.length - 1) kept.push('')
  }
  const cleaned = `/${kept.join('/')}`
  const path = decoded(cleaned).replace(/\/{2,}/g, '/')
  if (path.includes('\0')) return { fault: 'a NUL in the path' }
  return { path, target: cleaned === rawPath ? raw : cleaned + (mark < 0 ? '' : raw.slice(mark)), host: null }
}

/** `a%2f..%2fb`, and `a%5c..%5cb` where Windows serves: one reader sees one segment, another climbs. */
const hidesDots = (segment: string): boolean =>
  /%2f|%5c/i.test(segment) && segment.replace(/%2e/gi, '.').split(/%2f|%5c/i).some((part) => part === '.' || part === '..')

/** Percent-decoded as UTF-8; octets that are not UTF-8 stand for themselves. For matching only. */
const decoded = (path: string): string => {
  if (!path.includes('%')) return path
  try {
    return decodeURIComponent(path)
  } catch {
    return path.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  }
}
