// The cluster that the flags name, as a source of objects. Wiring only.
import type { Source } from '../kube/objects.ts'
import type { Flags } from '../settings.ts'
import { cluster, type ClusterScope } from './cluster.ts'
import { credentials } from './kubeconfig.ts'
import { Transport } from './transport.ts'

/** As the API server's audit log and the objects' managedFields name us. */
const USER_AGENT = 'lintel'

/** Throws StartError where no cluster is named. */
export function clusterSource(flags: Flags, environment: Readonly<Record<string, string | undefined>>): Source {
  return cluster(new Transport(credentials(flags, environment), USER_AGENT), scopeOf(flags))
}

function scopeOf({ watchNamespace, watchNamespaceSelector, annotationsPrefix, ...flags }: Flags): ClusterScope {
  const given = (...names: readonly (string | null)[]) => names.filter((name) => name !== null)
  return {
    namespaces: watchNamespace,
    selector: watchNamespaceSelector,
    annotationsPrefix,
    named: {
      secrets: given(flags.defaultSslCertificate),
      configMaps: given(flags.configmap),
      services: given(flags.defaultBackendService, flags.publishService),
    },
  }
}
