// The programs that the benchmark needs from the system: taken from Debian where root may install them, else asked for.

const packages = { taskset: 'util-linux', nginx: 'nginx-light', wrk: 'wrk' }
/** Debian puts nginx where only root's PATH looks. */
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin`

/** Exits with 2 and one line where something is missing that can't be installed. Returns nginx's path. */
export const findTools = (): string => {
  const missing = Object.entries(packages).filter(([tool]) => !Bun.which(tool, { PATH })).map(([, name]) => name)
  if (missing.length > 0) install(missing)
  const nginx = Bun.which('nginx', { PATH })
  return nginx ?? fail('nginx was not found after its installation')
}

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
