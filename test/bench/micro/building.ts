// 5,000 Ingresses with a Service and a slice each become a table; then one of them changes.
import { builder } from '../../../src/table/build.ts'
import { diff, emptyTable } from '../../../src/update.ts'
import { changedKeys, ingress, objectsOf, options, path, service, slice } from '../../table/objects.ts'
import type { Piece } from './timing.ts'

const COUNT = 5_000
const all = Array.from({ length: COUNT }, (_, n) => [ingress(`i${n}`, `h${n}.test`, [path('/', `s${n}`)]), service(`s${n}`), slice(`s${n}`, ['10.0.0.1', '10.0.0.2', '10.0.0.3'])]).flat()

export const building = (): Piece[] => {
  const objects = objectsOf(all)
  const changed = [1, 2].map((version) => objectsOf([...all, ingress('i7', 'h7.test', [path(`/${version}`, 's7')])]))
  const moved = [1, 2].map((version) => objectsOf([...all, slice('s7', [`10.0.1.${version}`])]))
  const built = builder(options())
  const first = built.full(objects).table
  const second = built.full(changed[0]!).table
  return [
    { name: `build: ${COUNT} Ingresses`, calls: 1, run: () => builder(options()).full(objects) },
    { name: 'build: one Ingress of them changes', calls: 4, run: (n) => built.change(changed[n % 2]!, changedKeys(ingress('i7', ''))) },
    { name: 'build: endpoints of one Service change', calls: 4, run: (n) => built.change(moved[n % 2]!, changedKeys(slice('s7', []))) },
    { name: 'diff: two tables that differ in one host', calls: 4, run: () => diff(first, second, 0) },
    { name: 'diff: a snapshot', calls: 4, run: () => diff(emptyTable, first, 0) },
  ]
}
