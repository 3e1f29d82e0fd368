// The objects that a command looks at, read once from a folder or from the cluster of the flags. Knows nothing of what is asked of them.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { manifests } from '../kube/manifests.ts'
import type { Objects, Source } from '../kube/objects.ts'
import { Store } from '../kube/store.ts'
import type { Issue } from '../model.ts'
import type { Flags } from '../settings.ts'
import { IssueBook } from '../watcher/issue-book.ts'

/** unread: files of the folder that hold what is no object, or could not be read. */
export type Found = { readonly objects: Objects; readonly issues: readonly Issue[]; readonly unread: readonly string[] }

/** The flags that say where objects are, and which of them count. */
export const SOURCE_FLAGS = [
  'manifests', 'kubeconfig', 'apiserverHost', 'certificateAuthority', 'watchNamespace', 'watchNamespaceSelector',
] as const satisfies readonly (keyof Flags)[]
export const CLASS_FLAGS = [
  'ingressClass', 'controllerClass', 'ingressClassByName', 'watchIngressWithoutClass', 'annotationsPrefix', 'configmap',
] as const satisfies readonly (keyof Flags)[]

/** Who moves here has the class of ingress-nginx: its objects are the ones that are asked about. */
export const NGINX_CLASS = '--controller-class=k8s.io/ingress-nginx'

/** Rejects with StartError. */
export async function readObjects(flags: Flags, environment: Readonly<Record<string, string | undefined>>): Promise<Found> {
  const source = await sourceOf(flags, environment)
  const store = new Store()
  const issues = new IssueBook()
  const unread = new Set<string>()
  const isFile = (origin: string) => flags.manifests !== null && existsSync(join(flags.manifests, origin))
  try {
    await source.start({
      emit: (changes) => { store.apply(changes) },
      report: (origin, found) => {
        issues.report(origin, found)
        if (found.some(({ object }) => object === origin) && isFile(origin)) unread.add(origin)
      },
      note: () => {},
    })
  } finally {
    source.close()
  }
  return { objects: store.objects, issues: issues.all(), unread: [...unread] }
}

/** The Kubernetes client takes a tenth of a second to load. */
async function sourceOf(flags: Flags, environment: Readonly<Record<string, string | undefined>>): Promise<Source> {
  if (flags.manifests !== null) return manifests(flags.manifests)
  const { once } = await import('../cluster/connection.ts')
  return once(flags, environment)
}
