// ConfigMap data → settings: units, defaults, and one issue for each key that can't be honoured.
import { expect, test } from 'bun:test'
import { defaultSettings, parseSettings } from '../../src/settings.ts'
import { configMap } from '../../src/settings/config-map.ts'
import { inactiveKeys } from '../../src/settings/inactive-keys.ts'

const accepted: [key: keyof typeof defaultSettings, text: string, value: unknown][] = [
  ['ssl-redirect', 'F', false],
  ['hsts-max-age', '0', 0],
  ['http-redirect-code', '301', 301],
  ['proxy-body-size', '0', 0],
  ['proxy-body-size', '8M', 8 * 1024 * 1024],
  ['proxy-body-size', '512k', 512 * 1024],
  ['keep-alive', '75s', 75],
  ['keep-alive', '0', 0],
  ['keep-alive', '2m', 120],
  ['client-header-timeout', '500ms', 0.5],
  ['worker-shutdown-timeout', '240s', 240],
  ['worker-processes', 'auto', 'auto'],
  ['worker-processes', '3', 3],
  ['ssl-protocols', ' TLSv1.2  TLSv1.3 ', ['TLSv1.2', 'TLSv1.3']],
  ['proxy-real-ip-cidr', '10.0.0.0/8, ::1,', ['10.0.0.0/8', '::1']],
  ['hide-headers', 'X-Powered-By, Via', ['x-powered-by', 'via']],
  ['add-headers', 'default/fields', 'default/fields'],
]
test.each(accepted)('%s: %p is %p', (key, text, value) => {
  const { settings, issues } = parseSettings({ [key]: text })
  expect(issues).toEqual([])
  expect<unknown>(settings[key]).toEqual(value)
})

const refused: [key: keyof typeof defaultSettings, text: string, expected: string][] = [
  ['ssl-redirect', 'yes', 'expected "true" or "false"'],
  ['http-redirect-code', '418', 'expected 301, 302, 307 or 308'],
  ['proxy-body-size', '15r', 'expected a size'],
  ['proxy-body-size', '99999999999999999g', 'expected a smaller size'],
  ['proxy-read-timeout', '0', 'expected more than 0 seconds'],
  ['proxy-read-timeout', '-1', 'expected seconds'],
  ['proxy-read-timeout', '99999999', 'expected at most'],
  ['keep-alive-requests', '0', 'expected a whole number from 1'],
  ['worker-processes', '0', 'expected a whole number from 1'],
  ['ssl-protocols', 'SSLv3', 'expected TLSv1, TLSv1.1, TLSv1.2 or TLSv1.3'],
  ['ssl-protocols', '', 'expected TLSv1'],
  ['ssl-ciphers', 'A;B', 'expected OpenSSL cipher names'],
  ['proxy-real-ip-cidr', '10.0.0.0/33', 'expected addresses or networks'],
  ['proxy-real-ip-cidr', '10.0.0/8', 'expected addresses or networks'],
  ['forwarded-for-header', 'X Y', 'expected a header name'],
  ['hide-headers', 'A B', 'expected header names'],
  ['add-headers', 'fields', 'expected namespace/name'],
]
test.each(refused)('%s: %p is refused and the default stands', (key, text, expected) => {
  const { settings, issues } = parseSettings({ [key]: text, 'hsts-preload': 'true' })
  expect(settings).toEqual({ ...defaultSettings, 'hsts-preload': true })
  expect(issues).toHaveLength(1)
  expect(issues[0]?.field).toBe(key)
  expect(issues[0]?.reason).toContain(expected)
  expect(issues[0]?.reason).toContain(`the default ${JSON.stringify(configMap.shape[key].def.defaultValue)} is used`)
})

test('keys that do nothing say so, each in its own way', () => {
  const data = { 'use-geoip2': 'true', 'lua-shared-dicts': 'a: 10', 'ssl-protocls': 'TLSv1.3', 'toString': '1' }
  expect(parseSettings(data).issues).toEqual([
    { field: 'use-geoip2', reason: 'not supported yet: ignored' },
    { field: 'lua-shared-dicts', reason: 'has no effect here: it sizes a structure that only nginx has' },
    { field: 'ssl-protocls', reason: 'unknown key: ignored; did you mean ssl-protocols?' },
    { field: 'toString', reason: 'unknown key: ignored' },
  ])
})

test('no key both acts and is listed as doing nothing', () => {
  expect(Object.keys(inactiveKeys).filter((key) => key in configMap.shape)).toEqual([])
})
