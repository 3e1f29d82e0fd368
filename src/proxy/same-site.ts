// Clients that take SameSite=None for SameSite=Strict or drop the cookie (session-cookie-conditional-samesite-none): told by their User-Agent, as
// the Chromium project lists them. Knows no other attribute.

const MISREADING = [
  // Every browser of iOS 12 uses its WebKit.
  /\(iP[^;)]*; .*\bOS 12[_\d]*\b/,
  // Safari of macOS 10.14, and what embeds its WebKit: neither names another browser behind it.
  /\(Macintosh;[^)]*Mac OS X 10_14[_\d]*\b.*\) AppleWebKit\/[^ ]+ \(KHTML, like Gecko\)(?: Version\/[^ ]+ Safari\/[^ ]+)?$/,
  // Chrome and Chromium 51 to 66 drop the cookie.
  /Chrom(?:e|ium)\/(?:5[1-9]|6[0-6])\./,
]
/** From this version on UC Browser reads it. */
const UC_BROWSER = [12, 13, 2]

/** It would misread SameSite=None. */
export const misreadsNone = (userAgent: string): boolean => {
  const version = /UCBrowser\/(\d+)\.(\d+)\.(\d+)/.exec(userAgent)?.slice(1).map(Number)
  if (version !== undefined) return isBefore(version, UC_BROWSER)
  return MISREADING.some((pattern) => pattern.test(userAgent))
}

const isBefore = (version: readonly number[], other: readonly number[]): boolean => {
  const at = version.findIndex((part, i) => part !== other[i])
  return at >= 0 && version[at]! < other[at]!
}
