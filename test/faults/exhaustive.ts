// `bun test/faults/exhaustive.ts [NAME]`: every case whose name begins with NAME, such as `http2-client`, `http1-client/chunked/reset` or the
// whole name of a finding. Prints the findings by name. Exit 1 on findings, 2 where no case has that name.
import { type Case, nameOf } from './cases.ts'
import { Scene } from './scene.ts'
import { SUITES, type Suite } from './suites.ts'

const SEED = Number(process.env['FAULTS_SEED'] ?? 1)
const [wanted = ''] = process.argv.slice(2)
const startsAlike = (name: string) => name.startsWith(wanted) || wanted.startsWith(`${name}/`)

async function casesOf(suite: Suite, scene: Scene): Promise<Case[]> {
  const cases: Case[] = []
  for (const conversation of suite.conversations) {
    if (startsAlike(`${suite.name}/${conversation.name}`)) cases.push(...await scene.casesOf(conversation, SEED))
  }
  return cases.filter((each) => nameOf(suite, each).startsWith(wanted))
}

/** What it found, as lines. */
async function tried(suite: Suite): Promise<{ cases: number; lines: readonly string[] }> {
  const scene = await Scene.open(suite)
  try {
    const cases = await casesOf(suite, scene)
    const before = await scene.census()
    const said = scene.program.stderr.length
    const { findings, bystanders } = await scene.run(cases)
    const after = await scene.census()
    console.log(`${suite.name}: ${cases.length} cases, ${findings.length} findings, ${bystanders.served} requests served beside them\n  before ${JSON.stringify(before)}\n  after  ${JSON.stringify(after)}`)
    return { cases: cases.length, lines: [...findings, ...bystanders.failures.map((failure) => `${suite.name}: beside it, ${failure}`), ...scene.program.stderr.slice(said)] }
  } finally {
    await scene.close()
  }
}

let cases = 0
const lines: string[] = []
for (const suite of SUITES) {
  if (!startsAlike(suite.name)) continue
  const result = await tried(suite)
  cases += result.cases
  lines.push(...result.lines)
}
for (const line of lines) console.log(`FOUND  ${line}`)
console.log(`${cases} cases, seed ${SEED}, ${lines.length} findings`)
process.exit(lines.length > 0 ? 1 : cases === 0 ? 2 : 0)
