// README's table of flags: every flag that acts, once, as the program has it.
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { flagGroups, flagInfo } from '../../src/settings/flag-table.ts'
import { withFlags } from '../../src/settings/flag-readme.ts'
import { flagName } from '../../src/settings.ts'

const readme = await Bun.file(join(import.meta.dir, '../../README.md')).text()
const shown = [...readme.matchAll(/^\| `--([\w-]+)[^`]*` \|/gm)].map(([, name]) => name)

test('the table is what `bun src/settings/flag-readme.ts` writes', () => {
  expect(withFlags(readme)).toBe(readme)
})

test('it has every flag that acts, and no other', () => {
  const acting = Object.values(flagGroups).flatMap((flags) => Object.entries(flags)).filter(([, schema]) => flagInfo.get(schema)?.effect === 'acts').map(([key]) => flagName(key))
  expect(shown).toEqual(acting)
  expect(shown).toContain('healthz-socket')
})

test('a README without a table is an error, not a README without flags', () => {
  expect(() => withFlags('# Lintel\n')).toThrow('no table of flags')
})
