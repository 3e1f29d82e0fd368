// Which Ingresses are ours (ingress-nginx.md §4.13, row "class"). Knows nothing of what an Ingress says beyond its class.
import type { Ingress, IngressClass, Objects } from '../kube/objects.ts'
import type { BuildOptions } from './options.ts'

export const CLASS_ANNOTATION = 'kubernetes.io/ingress.class'

export type ClassOptions = Pick<BuildOptions, 'controllerClass' | 'ingressClass' | 'ingressClassByName' | 'watchIngressWithoutClass'>

/** spec.ingressClassName goes before the annotation, the annotation before having no class. */
export function classSelector(options: ClassOptions, classes: Objects['IngressClass']): (ingress: Ingress) => boolean {
  const unclassed = options.watchIngressWithoutClass || [...classes.values()].some((cls) => cls.isDefault && isOurs(options, cls))
  return function isSelected(ingress) {
    if (ingress.className !== undefined) return isOursByName(options, classes, ingress.className)
    const annotation = ingress.meta.annotations[CLASS_ANNOTATION] ?? ''
    return annotation === '' ? unclassed : annotation === options.ingressClass
  }
}

/** The ConfigMap that a class of ours names as its parameters, as `namespace/name`; `` for none. Of several the first by name: there is one set of global settings. */
export function parametersOf(options: ClassOptions, classes: Objects['IngressClass']): string {
  const named = [...classes.values()].filter((cls) => cls.parameters !== '' && isOurs(options, cls))
  return named.toSorted((a, b) => (a.meta.name < b.meta.name ? -1 : 1))[0]?.parameters ?? ''
}

/** The controller that no IngressClass has, though Ingresses are chosen by it; `` where one has. A folder that is served without regard to classes lacks nothing. */
export function lacksClass(options: ClassOptions, classes: Objects['IngressClass']): string {
  return options.watchIngressWithoutClass || [...classes.values()].some((cls) => isOurs(options, cls)) ? '' : options.controllerClass
}

/** Folders of manifests seldom have IngressClass objects: a name that no object has means the class of the flag. */
function isOursByName(options: ClassOptions, classes: Objects['IngressClass'], name: string): boolean {
  const cls = classes.get(name)
  return cls === undefined ? name === options.ingressClass : isOurs(options, cls)
}

function isOurs(options: ClassOptions, cls: IngressClass): boolean {
  return cls.controller === options.controllerClass || (options.ingressClassByName && cls.meta.name === options.ingressClass)
}
