// The report for people: a summary, then what matters, Ingress by Ingress; those that stay as they are in one line. Knows no objects.
import type { Assessed, Standing } from '../table/assess.ts'
import { columns } from './columns.ts'
import type { IngressRow, Note, Outcome, Survey } from './survey.ts'

const OUTCOMES: Readonly<Record<Outcome, string>> = {
  'not-served': 'not served', 'closed': 'closed, answers 503', 'differs': 'served, but differs', 'same': 'as before',
}
const STANDINGS: Readonly<Record<Standing, string>> = {
  closes: 'closes', unsupported: 'not supported', invalid: 'bad value', differs: 'differs', unknown: 'unknown', needless: 'no matter', understood: 'understood',
}
const ORDER = Object.keys(STANDINGS)

export function reportText({ summary, ingresses, configMap, others, unread, ingressClass, controllerClass }: Survey): string {
  const counts = outcomes().map((outcome) => `${summary[outcome]} ${OUTCOMES[outcome]}`).join('; ')
  return [
    `${ingresses.length} ${ingresses.length === 1 ? 'Ingress' : 'Ingresses'} of class ${ingressClass} (${controllerClass}): ${counts}`,
    ...ingresses.length > 0 ? [] : ['', 'None was found: for another class give --ingress-class and --controller-class, for those without one --watch-ingress-without-class'],
    ...configMapLines(configMap),
    ...outcomes().flatMap((outcome) => ingresses.filter((row) => row.outcome === outcome).flatMap(ingressLines)),
    ...others.length === 0 ? [] : ['', 'Other objects', ...columns(others.map(({ object, field, reason }) => [object, place(field), reason]))],
    ...unread.length === 0 ? [] : ['', `Not told: what stands in ${unread.join(', ')}`],
  ].join('\n')
}

/** What needs a hand first. */
function outcomes(): readonly Outcome[] {
  return ['not-served', 'closed', 'differs', 'same']
}

function configMapLines(configMap: Survey['configMap']): string[] {
  if (configMap === null) return ['', 'No ConfigMap was looked at: name that of ingress-nginx with --configmap NAMESPACE/NAME']
  if (!configMap.exists) return ['', `ConfigMap ${configMap.name} does not exist: the defaults would hold`]
  return ['', `ConfigMap ${configMap.name}`, ...assessedLines(configMap.keys, [])]
}

function ingressLines({ ingress, outcome, hosts, annotations, notes }: IngressRow): string[] {
  const names = hosts.map((host) => host || '(any host)').join(', ')
  const head = `Ingress ${ingress}: ${OUTCOMES[outcome]}${names === '' ? '' : `  ${names}`}`
  return ['', head, ...assessedLines(annotations, notes)]
}

function assessedLines(assessed: readonly Assessed[], notes: readonly Note[]): string[] {
  const told = assessed.filter(({ standing }) => standing !== 'understood').sort((a, b) => ORDER.indexOf(a.standing) - ORDER.indexOf(b.standing))
  const understood = assessed.filter(({ standing }) => standing === 'understood').map(({ field }) => short(field))
  return columns([
    ...told.map(({ field, standing, reason }) => [STANDINGS[standing], short(field), reason]),
    ...notes.map(({ field, reason, differs }) => [differs === true ? 'differs' : 'note', place(field), reason]),
    ...understood.length === 0 ? [] : [['understood', understood.join(', ')]],
  ])
}

/** The prefix of ingress-nginx goes without saying; our own does not. */
function short(field: string): string {
  return field.startsWith('lintel.dev/') ? field : field.replace(/^.*\//, '')
}

function place(field: string): string {
  return field === '' ? '-' : short(field)
}
