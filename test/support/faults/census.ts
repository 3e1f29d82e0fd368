// What the program holds: its file descriptors, and the objects of its proxy thread by class. Knows class names, nothing else of the source.
import { mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import type { Program, StartOptions } from '../program.ts'

/** One of these stands for each connection or request that is alive. */
const CLASSES = ['ServerConnection', 'H2ServerConnection', 'H2Exchange', 'RequestContext', 'ClientConnection', 'H2ClientConnection', 'H2ClientStream', 'Compressor', 'TCPSocket', 'TLSSocket'] as const
/** Objects by class, and `fds`: open files of the process. */
export type Census = Readonly<Record<string, number>>

/** The parts of `start` that make the program measurable, and the measure. */
export function censusTaker(): Required<Pick<StartOptions, 'command' | 'env'>> & { census(program: Program): Promise<Census> } {
  const unix = join(mkdtempSync(join(tmpdir(), 'lintel-census-')), 'socket')
  const objects = async () => z.record(z.string(), z.number()).parse(await (await fetch('http://program/', { unix })).json())
  return {
    command: [process.execPath, 'test/support/faults/measured/main.ts'],
    env: { CENSUS_SOCKET: unix },
    census: async ({ pid }) => {
      const counts = await objects()
      const named = Object.fromEntries(CLASSES.map((name) => [name, counts[name] ?? 0]))
      return { ...named, fds: readdirSync(`/proc/${pid}/fd`).length }
    },
  }
}
