// The commands that README.md and deploy/README.md show in their indented blocks, each on one line. Runs none.
import { join } from 'node:path'

const ROOT = join(import.meta.dir, '../..')
/** Words that a command of theirs begins with; what else is indented is YAML, JSON or the rest of a command. */
const PROGRAMS = ['npm', 'podman', 'kind', 'kubectl', 'helm', 'curl']

/** Without the comment behind it. */
export async function commandsOf(document: 'README.md' | 'deploy/README.md'): Promise<readonly string[]> {
  const text = await Bun.file(join(ROOT, document)).text()
  const indented = [...text.matchAll(/^ {4}(\S.*)$/gm)].map(([, line = '']) => line.replace(/ {2,}#.*$/, ''))
  return indented.filter((line) => PROGRAMS.includes(line.split(' ')[0] ?? '') && !/^\w+:/.test(line))
}
