// `lintel explain`: which route answers a URL and why, as a running Lintel has it or as a folder would make it.
import type { Command } from './command.ts'
import { explanation, type BackendState, type Explanation } from './explanation.ts'
import { columns } from './columns.ts'
import { CLASS_FLAGS } from './objects.ts'
import { pathText } from '../table/paths.ts'
import { viewOf, viewOfObjects } from './table-view.ts'

const EXIT_NOBODY = 1
const ADMIN = 'http://127.0.0.1:10254'

export const explain: Command = {
  usage: 'explain URL [--admin URL | --manifests DIR] [flags]',
  about: `Tells who answers the URL: host, path, Ingress, certificate, policies, endpoints and how they are, and who would have liked to answer and
does not, with the reason. It asks the admin port of a running Lintel, or builds the table of a folder. Nothing is sent to an endpoint.
Exit code 0: somebody answers; 1: nobody does; 2: it could not be told.`,
  operands: { name: 'URL', count: 1 },
  options: {
    admin: { placeholder: 'URL', help: `Admin port of a running Lintel (default ${ADMIN})` },
    output: { placeholder: 'FORM', help: 'text or json', values: ['text', 'json'] },
  },
  serving: ['manifests', ...CLASS_FLAGS, 'defaultBackendService', 'defaultSslCertificate', 'disableCatchAll', 'deepInspect'],
  presets: [],
  async run({ operand, options, flags, certificate }) {
    const table = flags.manifests === null ? await viewOf((options.get('admin') ?? ADMIN).replace(/\/+$/, '')) : await viewOfObjects(flags, await certificate())
    const explained = explanation(operand, table)
    console.log(options.get('output') === 'json' ? JSON.stringify(explained, null, 2) : text(explained))
    return explained.answer === null ? EXIT_NOBODY : 0
  },
}

function text({ answer, hint, certificate, lost, issues }: Explanation): string {
  return columns([
    ...answerRows(answer, hint),
    ...certificate === null ? [] : [['certificate', certificateText(certificate)]],
    ...lost.map(({ host, path, ingress, why }) => ['lost', `${host || '(any host)'} ${path} of Ingress ${ingress}: ${why}`]),
    ...issues.map(({ field, reason }) => ['issue', `${field === '' ? '' : `${field}: `}${reason}`]),
  ], '').join('\n')
}

function answerRows(answer: Explanation['answer'], hint: string): string[][] {
  if (answer === null) return [['nobody', `${hint}: 404`]]
  const { host, path, ingress, policies, backends } = answer
  const place = ingress === ''
    ? [['fallback', `--default-backend-service, as ${hint}`]]
    : [['host', host || '(any host)'], ['path', `${pathText(path)} (${path.kind})`], ['Ingress', ingress]]
  const rules = Object.entries(policies).map(([name, value]) => ['policy', `${name} ${JSON.stringify(value)}`])
  return [...place, ...rules, ...backends.flatMap(backendRows)]
}

function backendRows({ backend, protocol, endpoints }: BackendState): string[][] {
  if (endpoints.length === 0) return [['backend', `${backend} has no endpoints: 503`]]
  return [['backend', `${backend} (${protocol})`], ...endpoints.map(({ address, port, state }) => ['endpoint', `${address.includes(':') ? `[${address}]` : address}:${port} ${state}`])]
}

function certificateText({ id, subject, notAfter, names }: NonNullable<Explanation['certificate']>): string {
  return `${id === '' ? 'the default one' : `Secret ${id}`}: ${subject}, for ${names.join(', ')}, until ${notAfter}`
}
