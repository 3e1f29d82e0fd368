// The text of --help, generated from the flag table.
import { flagGroups, type FlagInfo, flagInfo } from './flag-table.ts'
import { flagName } from './flags.ts'

const USAGE = `Usage: lintel [flags]               in a pod: serves its cluster; elsewhere that of --kubeconfig
       lintel --manifests DIR [flags]

Lintel serves Kubernetes Ingresses: HTTP, HTTPS, without reloads. Flags have the names and meanings of ingress-nginx.
Write --flag=value or --flag value; switches stand alone or take =true or =false. POD_NAMESPACE fills in a missing namespace.

Other commands, each with a --help:
  lintel report       what would differ from ingress-nginx
  lintel convert      legacy Ingress shapes to networking.k8s.io/v1
  lintel explain URL  who answers it, and why
  lintel ready        whether the program with this --healthz-socket is ready, for probes

Exit codes: 0 after SIGTERM or SIGINT and a drain; 1 after a second signal; 2 for what a restart does not mend, 3 where another
program has a port, both told in one line.
`

export function helpText(): string {
  const groups = Object.entries(flagGroups).map(([title, flags]) => {
    const lines = Object.entries(flags).map(([key, schema]) => flagLine(key, flagInfo.get(schema)))
    return `${title}:\n${lines.join('\n')}\n`
  })
  return [USAGE, ...groups].join('\n')
}

function flagLine(key: string, info: FlagInfo | undefined): string {
  if (info === undefined) throw new Error(`flag ${key} has no description`)
  const usage = `--${flagName(key)}${info.placeholder === '' ? '' : `=${info.placeholder}`}`
  const preset = info.default === '' || info.default === 'false' ? '' : ` (default ${info.default})`
  const note = info.effect === 'later' ? ' [no effect yet]' : ''
  return `  ${usage}\n      ${info.help}${preset}${note}`
}
