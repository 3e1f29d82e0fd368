// Issues come in one order and once each, however often they were found.
import { expect, test } from 'bun:test'
import { orderedIssues } from '../../src/table/issues.ts'

const issue = (object: string, field = '', reason = '') => ({ object, field, reason })

test('by object, field, reason, without doubles', () => {
  const found = [issue('b'), issue('a', 'y'), issue('a', 'x', '2'), issue('b'), issue('a', 'x', '10'), issue('a', 'x', '2')]
  expect(orderedIssues(found)).toEqual([issue('a', 'x', '10'), issue('a', 'x', '2'), issue('a', 'y'), issue('b')])
})
