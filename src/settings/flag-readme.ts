// The flag table of the project's README, written from the flag table: `bun src/settings/flag-readme.ts`. Knows nothing else of that file.
import { flagGroups, type FlagInfo, flagInfo } from './flag-table.ts'
import { flagName } from './flags.ts'

const HEAD = '| flag | default | |\n|---|---|---|\n'

/** The README's text with the table that stands there replaced by that of all flags that act. Throws where there is none. */
export function withFlags(text: string): string {
  const from = text.indexOf(HEAD)
  const to = text.indexOf('\n\n', from)
  if (from < 0 || to < 0) throw new Error('README.md has no table of flags')
  return text.slice(0, from) + HEAD + rows().join('\n') + text.slice(to)
}

function rows(): string[] {
  return Object.entries(flagGroups).flatMap(([title, flags]) => {
    const acting = Object.entries(flags).flatMap(([key, schema]) => row(key, flagInfo.get(schema)))
    return acting.length === 0 ? [] : [`| **${title}** | | |`, ...acting]
  })
}

function row(key: string, info: FlagInfo | undefined): string[] {
  if (info?.effect !== 'acts') return []
  const preset = info.default === '' || info.default === 'false' ? '' : ` \`${info.default}\``
  const usage = `--${flagName(key)}${info.placeholder === '' ? '' : ` ${info.placeholder}`}`
  return [`| \`${usage}\` |${preset} | ${info.help.replaceAll('|', '\\|')} |`]
}

if (import.meta.main) {
  const file = new URL('../../README.md', import.meta.url)
  await Bun.write(file, withFlags(await Bun.file(file).text()))
}
