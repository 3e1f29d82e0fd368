// Costs as a Markdown table. Pure.
import type { Cost } from './measure.ts'

const columns = ['attack', 'told as', 'connections cut', 'cut after ms', 'sent MiB', 'CPU s', 'CPU s per round', 'RSS +MiB', 'p99 before ms', 'during ms', 'of the origin ms']
const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
const MIB = 1_048_576

export const heading = [line(columns), line(columns.map(() => '---'))].join('\n')

export const row = ({ attack, cut, opened, cutAfterMs, octets, cpuS, rounds, rssMiB, before, during }: Cost): string => line([
  attack.name, attack.reason ?? attack.handshake ?? 'inert', `${cut} of ${opened}`, cutAfterMs < 0 ? '-' : cutAfterMs.toFixed(0), (octets / MIB).toFixed(1),
  cpuS.toFixed(2), (cpuS / rounds).toFixed(3), rssMiB.toFixed(1), before.p99Ms.toFixed(1), during.p99Ms.toFixed(1), during.besideMs.toFixed(1),
])
