// The real program, with a census taker in each proxy thread.
import { parseFlags } from '../../../../src/settings.ts'
import { startProgram } from '../../../../src/supervisor/program.ts'

const worker = (name: string) => new URL(`../../../../workers/${name}.ts`, import.meta.url)

await startProgram({
  ...parseFlags(process.argv.slice(2), process.env),
  version: '1.2.3',
  scripts: { watcher: worker('watcher'), proxy: new URL('./proxy.ts', import.meta.url), certificate: worker('certificate') },
  environment: process.env,
})
