// Which limit holds for us and how much of it is used, by files as the kernel writes them in both versions of control groups.
import { expect, test } from 'bun:test'
import { Descriptors, descriptorLimit } from '../../src/machine/descriptors.ts'
import { Memory, share } from '../../src/machine/memory.ts'

const MIB = 2 ** 20
const files = (all: Readonly<Record<string, string>>) => (path: string) => all[path]

test('version 2: the tightest of max and high, files that could be dropped taken off', () => {
  const memory = new Memory(files({
    '/proc/self/cgroup': '0::/pod\n',
    '/sys/fs/cgroup/pod/memory.max': `${256 * MIB}\n`, '/sys/fs/cgroup/pod/memory.high': `${200 * MIB}\n`,
    '/sys/fs/cgroup/pod/memory.current': `${150 * MIB}\n`, '/sys/fs/cgroup/pod/memory.stat': `anon 1\ninactive_file ${30 * MIB}\nactive_file ${20 * MIB}\n`,
    '/sys/fs/cgroup/memory.max': 'max\n',
  }), 1024 * MIB)
  expect(memory.use()).toEqual({ usedBytes: 100 * MIB, limitBytes: 200 * MIB })
  expect(memory.use(0.8)).toEqual({ usedBytes: 150 * MIB, limitBytes: 200 * MIB })
})

test('version 1: the group that is nearest to its limit; without a limit of any the machine has one', () => {
  const root = { '/proc/self/cgroup': '4:memory:/a/b\n0::/\n', '/proc/self/statm': '9 256 1\n' }
  const group = (folder: string, limit: number, used: number) => ({
    [`/sys/fs/cgroup/memory${folder}/memory.limit_in_bytes`]: String(limit), [`/sys/fs/cgroup/memory${folder}/memory.usage_in_bytes`]: String(used),
    [`/sys/fs/cgroup/memory${folder}/memory.stat`]: 'inactive_file 7\ntotal_inactive_file 0\n',
  })
  const bounded = new Memory(files({ ...root, ...group('/a/b', 500, 100), ...group('/a', 1000, 900), ...group('', 9223372036854771712, 5000) }), 2 ** 40)
  expect(share(bounded.use())).toBe(0.9)
  expect(new Memory(files({ ...root, ...group('', 9223372036854771712, 5000) }), 4 * MIB).use()).toEqual({ usedBytes: MIB, limitBytes: 4 * MIB })
})

test('what this machine says makes sense', () => {
  const { usedBytes, limitBytes } = new Memory().use()
  expect(usedBytes).toBeGreaterThan(MIB)
  expect(limitBytes).toBeGreaterThan(usedBytes)
  expect(descriptorLimit()).toBeGreaterThan(16)
})

test('descriptors: clients take the lower half, others nearly all; nobody looks while few are in use; a burst is counted until it has them', async () => {
  let [lowest, looks] = [10, 0]
  const descriptors = new Descriptors(1000, () => { looks++; return lowest })
  expect([descriptors.mayKeep(467), descriptors.mayKeep(468)]).toEqual([true, false])
  descriptors.look()
  const before = looks
  for (let i = 0; i < 200; i++) expect(descriptors.mayOpen()).toBe(true)
  expect(looks).toBe(before)
  lowest = 500
  descriptors.look()
  const looksOfMany = looks
  for (let i = 0; i < 100; i++) expect(descriptors.mayOpen()).toBe(true)
  expect(looks - looksOfMany).toBeLessThan(5)
  lowest = 936
  descriptors.look()
  expect(descriptors.mayOpen()).toBe(false)
  lowest = 930
  const settled = () => new Promise((resolve) => { setImmediate(resolve) })
  await settled()
  expect(Array.from({ length: 8 }, () => descriptors.mayOpen())).toEqual([true, true, true, true, true, true, false, false])
  await settled()
  expect(descriptors.mayOpen()).toBe(true)
})
