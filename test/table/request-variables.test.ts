// What annotations may name is what the serving side can fill in.
import { expect, test } from 'bun:test'
import { requestVariables, unknownVariable, variablePrefixes } from '../../src/table/request-variables.ts'
import { variable } from '../../src/telemetry/log-variables.ts'

test('every variable that an annotation may name has a meaning when a request comes', () => {
  const names = [...requestVariables, ...variablePrefixes.map((prefix) => `${prefix}x`)]
  expect(names.filter((name) => variable(name) === undefined)).toEqual([])
})

test.each([
  ['$request_uri', undefined],
  ['user-${http_x_user}$cookie_tab:$arg_id', undefined],
  ['no variable', undefined],
  ['$request_uri$upstream_addr', 'upstream_addr'],
  ['$http_', 'http_'],
  ['${status}', 'status'],
])('%s: unknown is %p', (text, unknown) => { expect(unknownVariable(text)).toBe(unknown) })
