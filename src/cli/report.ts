// `lintel report`: what would differ if Lintel served what ingress-nginx serves. Reads once, changes nothing.
import { buildOptions } from '../watcher/build-options.ts'
import type { Command } from './command.ts'
import { CLASS_FLAGS, NGINX_CLASS, readObjects, SOURCE_FLAGS } from './objects.ts'
import { reportText } from './report-text.ts'
import { hasChange, survey } from './survey.ts'

const EXIT_DIFFERS = 1
const EXIT_NOT_TOLD = 2

/** It is never served nor shown: the builder only wants one. */
const NO_CERTIFICATE = { cert: '', key: '' }

export const report: Command = {
  usage: 'report [--manifests DIR | --kubeconfig FILE] [flags]',
  about: `Tells for each Ingress, before the switch, what Lintel would serve otherwise than ingress-nginx, and why. It looks at the objects of
ingress-nginx: IngressClasses of its controller, the annotation kubernetes.io/ingress.class, and with --manifests those without a class.
Nothing is written. Exit code 0: nothing differs; 1: something does; 2: it could not be told, of some of it at least.`,
  operands: { name: 'argument', count: 0 },
  options: { output: { placeholder: 'FORM', help: 'text or json', values: ['text', 'json'] } },
  serving: [...SOURCE_FLAGS, ...CLASS_FLAGS, 'disableCatchAll', 'deepInspect', 'disableSvcExternalName'],
  presets: [NGINX_CLASS],
  async run({ flags, options }) {
    const found = await readObjects(flags, process.env)
    const surveyed = survey(found, buildOptions(flags, NO_CERTIFICATE))
    console.log(options.get('output') === 'json' ? JSON.stringify(surveyed, null, 2) : reportText(surveyed))
    if (hasChange(surveyed)) return EXIT_DIFFERS
    return surveyed.unread.length > 0 ? EXIT_NOT_TOLD : 0
  },
}
