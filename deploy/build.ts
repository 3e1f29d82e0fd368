// `bun deploy/build.ts [FILE]`: the program with its workers and Bun in one executable, for the machine that it is built on.
import { join } from 'node:path'

const ROOT = join(import.meta.dir, '..')

/** Throws where it can't be built. */
export async function buildProgram(outfile: string): Promise<void> {
  await Bun.build({
    // Threads are not found by themselves (bun.md §10).
    entrypoints: ['src/main.ts', 'workers/watcher.ts', 'workers/proxy.ts', 'workers/certificate.ts'].map((file) => join(ROOT, file)),
    root: ROOT,
    // Without it a dynamic import turns the order of modules round in the other threads too (bun.md §10).
    splitting: true,
    // A stack in the log names functions. (A source map in it costs 6 MB.)
    minify: { whitespace: true, syntax: true, identifiers: false },
    // What the program does is told by flags and objects, not by files where it happens to be started.
    compile: { outfile, autoloadDotenv: false, autoloadBunfig: false },
  })
}

if (import.meta.main) await buildProgram(process.argv[2] ?? join(ROOT, 'dist', 'lintel'))
