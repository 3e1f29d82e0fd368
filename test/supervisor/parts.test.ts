// The supervisor's pure parts: readiness, back-off, asking, CPU quota.
import { describe, expect, test } from 'bun:test'
import { Asks } from '../../src/supervisor/asks.ts'
import { backoff } from '../../src/supervisor/backoff.ts'
import { availableThreads } from '../../src/supervisor/cpu-quota.ts'
import { Readiness } from '../../src/supervisor/readiness.ts'

describe('readiness', () => {
  function started(...workers: number[]): Readiness {
    const readiness = new Readiness()
    workers.forEach((worker) => readiness.started(worker))
    return readiness
  }
  function ready(...workers: number[]): Readiness {
    const readiness = started(...workers)
    readiness.synced(3)
    for (const worker of workers) {
      readiness.at(worker, 3)
      readiness.listening(worker)
    }
    expect(readiness.missing()).toEqual([])
    return readiness
  }

  test('needs the first sync, and every worker at it and listening', () => {
    const readiness = started(1, 2)
    expect(readiness.missing()).toEqual(['the first full list of objects is not read yet'])
    readiness.synced(3)
    expect(readiness.missing()).toEqual(['worker 1 has table 0, not yet 3', 'worker 2 has table 0, not yet 3'])
    readiness.at(1, 3)
    readiness.at(2, 4)
    readiness.listening(1)
    expect(readiness.missing()).toEqual(['worker 2 does not listen yet'])
    readiness.listening(2)
    expect(readiness.missing()).toEqual([])
  })

  test('then needs one worker that listens', () => {
    const readiness = ready(1, 2)
    readiness.gone(1)
    readiness.started(1)
    expect(readiness.missing()).toEqual([])
    readiness.gone(2)
    expect(readiness.missing()).toEqual(['all workers are restarting'])
    readiness.listening(1)
    expect(readiness.missing()).toEqual([])
  })

  test('survives a new watcher, whose versions begin anew', () => {
    const readiness = ready(1)
    readiness.watcherStarted()
    expect(readiness.missing()).toEqual([])
    expect(readiness.versions).toEqual(new Map([[1, 0]]))
  })

  test('a watcher that dies before the first sync makes no old table count', () => {
    const readiness = started(1)
    readiness.at(1, 5)
    readiness.listening(1)
    readiness.watcherStarted()
    readiness.synced(1)
    expect(readiness.missing()).toEqual(['worker 1 has table 0, not yet 1'])
  })
})

test('back-off grows while a thread keeps dying, and begins anew after a steady life', () => {
  const { next } = backoff()
  expect(Array.from({ length: 9 }, () => next(50))).toEqual([0, 100, 200, 400, 800, 1600, 3200, 5000, 5000])
  expect([next(4000), next(60_000), next(50)]).toEqual([3200, 0, 100])
  const struck = backoff()
  expect(Array.from({ length: 9 }, () => struck.next(4000))).toEqual(Array(9).fill(0))
})

describe('asking', () => {
  const limits = { whom: 'watcher', withinMs: 20 }

  test('answers find their questions in any order', async () => {
    const asks = new Asks()
    const numbers: number[] = []
    const answers = [asks.ask((ask) => numbers.push(ask), limits), asks.ask((ask) => numbers.push(ask), limits)]
    numbers.toReversed().forEach((ask) => asks.answer(ask, `answer ${ask}`))
    expect(await Promise.all(answers)).toEqual(numbers.map((ask) => `answer ${ask}`))
  })

  test('a silent thread is given up, and its late answer dropped', async () => {
    const asks = new Asks()
    let number = 0
    const answer = asks.ask((ask) => (number = ask), limits)
    await expect(answer).rejects.toThrow('the watcher did not answer within 20 ms')
    asks.answer(number, 'late')
    asks.answer(null, 'unasked')
  })
})

describe('threads that the machine gives', () => {
  const threads = (files: Readonly<Record<string, string>>) => availableThreads((path) => files[path], 8)

  test.each([
    ['no cgroup', {}, 8],
    ['v2, in a container', { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '150000 100000\n' }, 2],
    ['v2 without a quota', { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': 'max 100000\n' }, 8],
    ['v2, the tightest of the path', {
      '/proc/self/cgroup': '0::/kubepods/pod1/c1\n',
      '/sys/fs/cgroup/kubepods/pod1/cpu.max': '300000 100000',
      '/sys/fs/cgroup/kubepods/pod1/c1/cpu.max': 'max 100000',
    }, 3],
    ['v1', {
      '/proc/self/cgroup': '5:cpu,cpuacct:/docker/abc\n0::/\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '50000\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
    }, 1],
    ['v1 without a quota', {
      '/proc/self/cgroup': '1:cpu:/\n', '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n', '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
    }, 8],
    ['a quota above the cores', { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '3200000 100000\n' }, 8],
  ])('%s', (_name, files, expected) => {
    expect(threads(files)).toBe(expected)
  })
})
