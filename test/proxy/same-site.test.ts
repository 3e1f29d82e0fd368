// Who misreads SameSite=None: User-Agents as these clients send them.
import { expect, test } from 'bun:test'
import { misreadsNone } from '../../src/proxy/same-site.ts'

const WEBKIT = 'AppleWebKit/605.1.15 (KHTML, like Gecko)'
test.each([
  ['Safari on iOS 12', `Mozilla/5.0 (iPhone; CPU iPhone OS 12_4_1 like Mac OS X) ${WEBKIT} Version/12.1.2 Mobile/15E148 Safari/604.1`, true],
  ['Chrome on iOS 12', `Mozilla/5.0 (iPad; CPU OS 12_0 like Mac OS X) ${WEBKIT} CriOS/70.0.3538.75 Mobile/15E148 Safari/605.1`, true],
  ['Safari on iOS 13', `Mozilla/5.0 (iPhone; CPU iPhone OS 13_1 like Mac OS X) ${WEBKIT} Version/13.0.1 Mobile/15E148 Safari/604.1`, false],
  ['Safari on macOS 10.14', `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14_6) ${WEBKIT} Version/12.1.2 Safari/605.1.15`, true],
  ['an application on macOS 10.14', `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14_6) ${WEBKIT}`, true],
  ['Chrome on macOS 10.14', 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14_6) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/78.0.3904.70 Safari/537.36', false],
  ['Safari on macOS 10.15', `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_1) ${WEBKIT} Version/13.0.3 Safari/605.1.15`, false],
  ['Chrome 51', 'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/51.0.2704.79 Safari/537.36', true],
  ['Chromium 66', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chromium/66.0.3359.117 Safari/537.36', true],
  ['Chrome 50', 'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/50.0.2661.102 Safari/537.36', false],
  ['Chrome 67', 'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/67.0.3396.62 Safari/537.36', false],
  ['UC Browser 12.13.1', 'Mozilla/5.0 (Linux; U; Android 9) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/57.0.2987.108 UCBrowser/12.13.1.1189 Mobile Safari/537.36', true],
  ['UC Browser 12.13.2, whatever Chrome it is made of', 'Mozilla/5.0 (Linux; U; Android 9) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/57.0.2987.108 UCBrowser/12.13.2.1005 Mobile Safari/537.36', false],
  ['curl', 'curl/8.5.0', false],
  ['nobody', '', false],
])('%s', (_, userAgent, misreads) => { expect(misreadsNone(userAgent)).toBe(misreads) })
