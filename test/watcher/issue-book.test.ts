// Issues are news once, and gone when their origin reports without them.
import { expect, test } from 'bun:test'
import { IssueBook } from '../../src/watcher/issue-book.ts'

const issue = (reason: string) => ({ object: 'Ingress ns/a', field: 'f', reason })

test('only what an origin did not have before is fresh', () => {
  const book = new IssueBook()
  expect(book.report('a.yaml', [issue('1')])).toEqual([issue('1')])
  expect(book.report('a.yaml', [issue('1'), issue('2')])).toEqual([issue('2')])
  expect(book.report('table', [issue('3')])).toEqual([issue('3')])
  expect(book.all()).toEqual([issue('1'), issue('2'), issue('3')])
  expect(book.size).toBe(3)
})

test('an origin without issues is forgotten, and its issue is news when it comes back', () => {
  const book = new IssueBook()
  book.report('a.yaml', [issue('1')])
  expect(book.report('a.yaml', [])).toEqual([])
  expect(book.size).toBe(0)
  expect(book.report('a.yaml', [issue('1')])).toEqual([issue('1')])
})
