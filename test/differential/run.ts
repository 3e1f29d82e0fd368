// `bun test/differential/run.ts [COUNT] [FROM]`: COUNT mutations (50,000) from number FROM (0). Prints each finding so that it can be
// repeated: `bun test/differential/run.ts 1 NUMBER`. Exit 1 on findings, 2 where a peer is not installed.
import { compare } from './compare.ts'

const COUNT = 50_000
const [count = COUNT, from = 0] = process.argv.slice(2).map(Number)

const { compared, served, findings, missing } = await compare({ from, count })
for (const { seed, message, lintel, peers } of findings) {
  console.log(`FOUND  ${seed}: ${JSON.stringify(message)}\n  lintel ${JSON.stringify(lintel)}`)
  for (const [name, fate] of Object.entries(peers)) console.log(`  ${name} ${JSON.stringify(fate)}`)
}
for (const name of missing) console.log(`${name} is not installed: apt-get install -y nginx-light haproxy`)
console.log(`${compared} mutations, ${served} served, ${findings.length} findings`)
process.exit(findings.length > 0 ? 1 : missing.length > 0 ? 2 : 0)
