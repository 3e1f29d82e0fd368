// Which Ingresses are ours (ingress-nginx.md §4.13, row "class"). Knows nothing of what an Ingress says beyond its class.
import type { Ingress, IngressClass, Objects } from '../kube/objects.ts'
import type { BuildOptions } from './options.ts'

const CLASS_ANNOTATION = 'kubernetes.io/ingress.class'

type ClassOptions = Pick<BuildOptions, 'controllerClass' | 'ingressClass' | 'ingressClassByName' | 'watchIngressWithoutClass'>

/** spec.ingressClassName goes before the annotation, the annotation before having no class. */
export function classSelector(options: ClassOptions, classes: Objects['IngressClass']): (ingress: Ingress) => boolean {
  const unclassed = options.watchIngressWithoutClass || [...classes.values()].some((cls) => cls.isDefault && isOurs(options, cls))
  return function isSelected(ingress) {
    if (ingress.className !== undefined) return isOursByName(options, classes, ingress.className)
    const annotation = ingress.meta.annotations[CLASS_ANNOTATION] ?? ''
    return annotation === '' ? unclassed : annotation === options.ingressClass
  }
}

/** Folders of manifests seldom have IngressClass objects: a name that no object has means the class of the flag. */
function isOursByName(options: ClassOptions, classes: Objects['IngressClass'], name: string): boolean {
  const cls = classes.get(name)
  return cls === undefined ? name === options.ingressClass : isOurs(options, cls)
}

function isOurs(options: ClassOptions, cls: IngressClass): boolean {
  return cls.controller === options.controllerClass || (options.ingressClassByName && cls.meta.name === options.ingressClass)
}
