// The reference stands in the project as the schemas would write it now.
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { readme } from '../../src/table/readme.ts'

const file = join(import.meta.dir, '../../src/table/README.md')

test('src/table/README.md is what `bun src/table/readme.ts` writes', async () => {
  expect(await Bun.file(file).text()).toBe(readme())
})
