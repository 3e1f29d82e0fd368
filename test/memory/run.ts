// `bun test/memory/run.ts [FIGURE…]`: what the program holds of memory in the cases where proxies hold too much, beside the bounds. Without
// names all of them, about ten minutes. `--quick`: smaller numbers. Exits with 1 where a bound is broken.
import { needTools } from '../bench/tools.ts'
import { downloadFigures, uploadFigures } from './bodies.ts'
import { type Figure, type Finding, holds, report } from './figure.ts'
import { idleFigures } from './idle.ts'
import { shortFigures } from './short.ts'

const figures: readonly Figure[] = [...idleFigures, ...downloadFigures, ...uploadFigures, ...shortFigures]
const extent = process.argv.includes('--quick') ? 'quick' : 'full'
const names = process.argv.slice(2).filter((word) => word !== '--quick')
const unknown = names.find((name) => !figures.some((figure) => figure.name === name))
if (unknown !== undefined) {
  console.error(`memory: there is no figure ${unknown}; there are ${figures.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}
needTools(['wrk', 'curl', 'h2load'])

const rows: { figure: string; finding: Finding }[] = []
for (const { name, measure } of figures) {
  if (names.length > 0 && !names.includes(name)) continue
  console.error(`memory: ${name}`)
  for (const finding of await measure(extent)) rows.push({ figure: name, finding })
}
console.log(report(rows))
process.exit(rows.every(({ finding }) => holds(finding)) ? 0 : 1)
