// The requests that loads send, as octets: made once, so that every generator sends the same. Pure.
import { host, hostsOf } from './site.ts'

/** How many differ, so that no proxy gains by remembering a head. */
const ROTATION = 64

const message = (line: string, fields: readonly (readonly [string, string])[], body = ''): string =>
  [`${line} HTTP/1.1`, ...fields.map(([name, value]) => `${name}: ${value}`), '', body].join('\r\n')

const withBody = (octets: number): string[] =>
  [message('POST /', [['Host', host], ['Content-Type', 'application/octet-stream'], ['Content-Length', `${octets}`]], 'lintel '.repeat(octets / 7 + 1).slice(0, octets))]

/** 20 fields, about 1 KB: cookies, paths and traces differ as those of people do. */
const fieldsOf = (n: number): string => {
  const id = `${(n * 2654435).toString(16).padStart(8, '0')}${(n * 40503).toString(16).padStart(8, '0')}`
  return message(`GET /catalogue/${n}/items?sort=price&page=${n}`, [
    ['Host', host],
    ['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36'],
    ['Accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'],
    ['Accept-Language', 'de-DE,de;q=0.9,en;q=0.7'],
    ['Accept-Encoding', 'gzip, deflate, br, zstd'],
    ['Cache-Control', 'max-age=0'],
    ['Pragma', 'no-cache'],
    ['Cookie', `session=${id.repeat(4)}; theme=dark; consent=analytics%3D0%26ads%3D0; visit=${n}`],
    ['DNT', '1'],
    ['If-None-Match', `"${id}"`],
    ['Origin', `https://${host}`],
    ['Referer', `https://${host}/catalogue/${n}?page=${n}`],
    ['Sec-CH-UA', '"Chromium";v="131", "Not_A Brand";v="24"'],
    ['Sec-CH-UA-Mobile', '?0'],
    ['Sec-CH-UA-Platform', '"Linux"'],
    ['Sec-Fetch-Dest', 'document'],
    ['Sec-Fetch-Mode', 'navigate'],
    ['Sec-Fetch-Site', 'same-origin'],
    ['Traceparent', `00-${id.repeat(2)}-${id}-01`],
    ['Authorization', `Bearer ${id}.${id.repeat(2)}.${id}`],
  ])
}

export const small: readonly string[] = [message('GET /', [['Host', host]])]
export const fields: readonly string[] = Array.from({ length: ROTATION }, (_, n) => fieldsOf(n + 1))
export const gzipped: readonly string[] = [message('GET /', [['Host', host], ['Accept-Encoding', 'gzip']])]
export const kilobyte: readonly string[] = withBody(1_000)
export const mebibyte: readonly string[] = withBody(1 << 20)
/** `count` requests, each for the next of so many hosts. */
export const acrossHosts = (hosts: number, count: number): string[] => {
  const names = hostsOf({ hosts })
  return Array.from({ length: count }, (_, n) => message('GET /tea', [['Host', names[n % names.length] ?? host]]))
}

/** For generators: each with its length on a line before it. */
export const encode = (requests: readonly string[]): string => requests.map((text) => `${text.length}\n${text}`).join('')
export const decode = (text: string): string[] => {
  const found: string[] = []
  for (let at = 0; at < text.length;) {
    const from = text.indexOf('\n', at) + 1
    at = from + Number(text.slice(at, from))
    found.push(text.slice(from, at))
  }
  return found
}
