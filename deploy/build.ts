// `bun deploy/build.ts [FILE]`: the program with its workers and Bun in one executable, for the machine that it is built on.
import type { BunPlugin } from 'bun'
import { join } from 'node:path'

const ROOT = join(import.meta.dir, '..')

/** Of the Kubernetes client the program takes KubeConfig alone: 3 MB of classes for every kind and version stay out, by what its two index files export here. */
const kubeConfigAlone: BunPlugin = {
  name: 'KubeConfig alone',
  setup(build) {
    const exporting = (index: RegExp, contents: string) => build.onLoad({ filter: index }, () => ({ loader: 'js', contents }))
    exporting(/client-node\/dist\/index\.js$/, "import './polyfill.js'; export { KubeConfig } from './config.js'")
    exporting(/client-node\/dist\/gen\/index\.js$/, "export { createConfiguration } from './configuration.js'; export { ServerConfiguration } from './servers.js'")
  },
}

/** Throws where it can't be built. */
export async function buildProgram(outfile: string): Promise<void> {
  await Bun.build({
    // Threads are not found by themselves (bun.md §10).
    entrypoints: ['src/main.ts', 'workers/watcher.ts', 'workers/proxy.ts', 'workers/certificate.ts'].map((file) => join(ROOT, file)),
    root: ROOT,
    plugins: [kubeConfigAlone],
    // Without it a dynamic import turns the order of modules round in the other threads too (bun.md §10).
    splitting: true,
    // Compiled beforehand, half of the start's CPU time is saved (bun.md §10). As the default, CommonJS, it holds paths of this machine.
    format: 'esm',
    bytecode: true,
    // A stack in the log names functions. (A source map in it costs 6 MB.)
    minify: { whitespace: true, syntax: true, identifiers: false },
    // What the program does is told by flags and objects, not by files where it happens to be started.
    compile: { outfile, autoloadDotenv: false, autoloadBunfig: false },
  })
}

if (import.meta.main) await buildProgram(process.argv[2] ?? join(ROOT, 'dist', 'lintel'))
