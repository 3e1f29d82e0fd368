// HAProxy and nginx as Debian has them, with a configuration, as balancers in front of the program or behind it. Knows no protocol.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accepts } from '../support/ports.ts'
import { until } from '../support/until.ts'

const binary = (name: string) => Bun.which(name) ?? Bun.which(`/usr/sbin/${name}`)
const STREAM_MODULE = '/usr/lib/nginx/modules/ngx_stream_module.so'

/** Where they are not installed their tests are skipped; .ci/run installs them. */
export const haproxy = binary('haproxy')
export const nginx = existsSync(STREAM_MODULE) ? binary('nginx') : null

type Config = { readonly ports: readonly number[]; readonly text: string; readonly files?: Readonly<Record<string, string>> }
const start = async ({ ports, text, files = {} }: Config, command: (file: string) => string[]) => {
  const folder = mkdtempSync(join(tmpdir(), 'lintel-balancer-'))
  const inFolder = text.replaceAll('FOLDER', folder)
  for (const [name, content] of Object.entries({ ...files, config: inFolder })) writeFileSync(join(folder, name), content)
  const child = Bun.spawn(command(join(folder, 'config')), { stdout: 'ignore', stderr: 'inherit' })
  await until('it accepts connections', async () => (await Promise.all(ports.map(accepts))).every(Boolean))
  return { async stop() { child.kill(); await child.exited; rmSync(folder, { recursive: true }) } }
}

/** `text`: the frontends and backends. FOLDER stands for where `files` are. */
export const startHaproxy = (config: Config) => start({
  ...config, text: `global\n  nbthread 1\n  tune.ssl.default-dh-param 2048\ndefaults\n  timeout connect 5s\n  timeout client 20s\n  timeout server 20s\n${config.text}`,
}, (file) => [haproxy ?? '', '-q', '-db', '-f', file])

/** `text`: the inside of `stream`. */
export const startNginxStream = (config: Config) => start({
  ...config, text: `load_module ${STREAM_MODULE};\ndaemon off; worker_processes 1; pid FOLDER/pid; error_log /dev/null crit;\nevents { worker_connections 64; }\nstream {\n${config.text}\n}\n`,
}, (file) => [nginx ?? '', '-c', file])
