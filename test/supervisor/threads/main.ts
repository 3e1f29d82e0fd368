// The real program with stand-ins for its threads.
import { parseFlags } from '../../../src/settings.ts'
import { startProgram } from '../../../src/supervisor/program.ts'

await startProgram({
  ...parseFlags(process.argv.slice(2), process.env),
  version: '1.2.3',
  scripts: {
    watcher: new URL('./watcher.ts', import.meta.url),
    proxy: new URL('./proxy.ts', import.meta.url),
    certificate: new URL('../../../workers/certificate.ts', import.meta.url),
  },
  environment: process.env,
})
