// The page that a run of all cells leaves behind: what it found, with what, when and how busy the machine was.
import { cpus, loadavg, release, totalmem } from 'node:os'
import { join } from 'node:path'
import type { Rounds } from './contest.ts'
import type { Finding } from './numbers.ts'
import { OURS, peerKinds } from './peers.ts'
import { disturbed, sentence, summary, tableOf } from './report.ts'
import { versionOf } from './tools.ts'

export const RESULTS = join(import.meta.dir, 'results.md')

type Run = { readonly peers: readonly string[]; readonly base: string; readonly options: Rounds }

export const resultsOf = (findings: readonly Finding[], { peers, base, options }: Run): string => {
  const versions = peers.map((name) => {
    const tool = peerKinds[name]?.tool ?? null
    return `${name} ${tool === null ? `on Bun ${Bun.version}` : versionOf(tool)}`
  })
  const busy = findings.filter(({ rows }) => disturbed(rows)).map(({ cell }) => cell.name)
  return `# Results

Written by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}; README.md says how it is measured. Less is better, everywhere.

- ${versions.join(', ')}; wrk ${versionOf('wrk')}, h2load ${versionOf('h2load')}
- ${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}; load average at the end ${loadavg().map((load) => load.toFixed(1)).join(', ')}
- ${options.rounds} rounds of ${options.seconds} s after ${options.warmUpSeconds} s
${busy.length > 0 ? `- others used the proxies' core in ${busy.join(', ')}: read these with care\n` : ''}
${summary(findings, peers)}

${findings.map((finding) => `## ${finding.cell.name}\n\n${finding.cell.about}.\n\n${tableOf(finding, { ours: OURS, base })}\n\n${sentence(finding)}\n`).join('\n')}`
}
