// The programs that the benchmark needs from the system: taken from Debian where root may install them, else asked for.

const packages: Readonly<Record<string, string>> = {
  taskset: 'util-linux', nginx: 'nginx-light', haproxy: 'haproxy', wrk: 'wrk', h2load: 'nghttp2-client', nghttpd: 'nghttp2-server',
}
/** Debian puts daemons where only root's PATH looks. */
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin`

/** Exits with 2 and one line where something is missing that can't be installed. */
export const needTools = (tools: Iterable<string>) => {
  const missing = [...tools].filter((tool) => !Bun.which(tool, { PATH })).map((tool) => packages[tool] ?? tool)
  if (missing.length > 0) install(missing)
}

export const toolPath = (tool: string): string => Bun.which(tool, { PATH }) ?? fail(`${tool} was not found`)

const install = (names: readonly string[]) => {
  if (process.getuid?.() !== 0 || !Bun.which('apt-get')) fail(`this needs Debian's packages ${names.join(', ')}: install them as root with apt-get install ${names.join(' ')}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const command of [['apt-get', 'update', '-qq'], ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...names]]) {
    const { exitCode, stderr } = Bun.spawnSync(command, { env, stdout: 'ignore', stderr: 'pipe' })
    if (exitCode !== 0) fail(`${command.join(' ')} failed: ${stderr.toString().trim()}`)
  }
}

export const fail = (message: string): never => {
  console.error(`bench: ${message}`)
  process.exit(2)
}
