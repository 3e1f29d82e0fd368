// A key written twice is a mistake that both fast parsers swallow.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { flowMayRepeatKeys, mayRepeatKeys } from '../../src/kube/duplicate-keys.ts'
import { readYaml } from '../../src/kube/yaml.ts'

test.each([
  ['at the top', 'a: 1\nb: 2\na: 3\n', 3],
  ['nested', 'a:\n  b: 1\n  c:\n    d: 1\n  b: 2\n', 5],
  ['in an item of a list', 'a:\n- b: 1\n  c: 2\n  b: 3\n', 4],
  ['after a block scalar', 'a: |\n  b: 1\n  b: 2\nc: 1\na: 2\n', 5],
  ['after a block scalar in a list', 'a:\n- |\n  x\n- b: 1\n  b: 2\n', 5],
  ['in quotes', '"a b": 1\n"a b": 2\n', 2],
  ['in a flow mapping', 'a: {b: 1, b: 2}\n', 1],
  ['in a flow mapping in a list', 'a: [{b: 1, b: 2}]\n', 1],
  ['in a flow mapping as an item', 'a:\n- {b: 1, c: [x, {y: 1}], "b": 2}\n', 2],
  ['in a flow mapping over lines', 'a: {b: 1,\n  b: 2}\n', 2],
  ['in JSON', '{"a": 1,\n"a": 2}', 2],
  ['in nested JSON', '{"a": [{"b": 1,\n"b": 2}]}', 2],
])('found %s', (_, text, line) => {
  expect(readYaml(text)).toEqual({ fault: { line, reason: 'Map keys must be unique' } })
})

test.each([
  ['items of a list', 'a:\n- b: 1\n- b: 2\n'],
  ['lists within lists', '- - a: 1\n  - a: 2\n'],
  ['siblings', 'a:\n  x: 1\nb:\n  x: 2\n'],
  ['text of a block scalar', 'a: |\n  b: 1\n\n  b: 2\nc: >-\n  b: 1\n  b: 1\n'],
  ['comments', 'a: 1\n# a: 2\n'],
  ['empty mappings', 'a: {}\nb: [ ]\n'],
  ['flow mappings', 'a: {b: {c: 1, d: 2}, c: {b: 1}, e: [{b: 1}, {b: 2}]} # {b: 1, b: 2}\n- {a: [], "x, y": 1, x: "{a: 1, a: 2}"}\n'],
  ['text that holds braces', 'a: /x{2}\nb: "{a: 1}"\n'],
])('not suspected: %s', (_, text) => {
  expect(mayRepeatKeys(text)).toBe(false)
})

test('JSON with equal keys in different objects', () => {
  expect(flowMayRepeatKeys('{"a": {"a": ["a", "a", {"a": 1}]}, "b": [{"x": 1}, {"x": "{\\"x\\": 1, \\"x\\": 2}"}]}')).toBe(false)
})

const tree = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, fc.constantFrom('x', 'b: 1', 'l1\nl2: x\nl2: x\n', 7), fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c d', '"e'), tie('value'), { maxKeys: 3, noNullPrototype: true })),
})).value

test('no block style document without a doubled key is suspected', () => {
  fc.assert(fc.property(fc.dictionary(fc.constantFrom('a', 'b'), tree, { minKeys: 1, noNullPrototype: true }), fc.boolean(), (value, indentSeq) => {
    expect(mayRepeatKeys(stringify(value, { collectionStyle: 'block', indentSeq }))).toBe(false)
  }), { numRuns: 300 })
})
