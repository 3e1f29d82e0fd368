// Every command line flag, once: name, kind, default, meaning. Names and meanings are ingress-nginx's (ingress-nginx.md §3).
// Knows nothing of argv. Defaults are written as a person would write them on the command line.
import { z } from 'zod'
import {
  boolean, buckets, count, decimal, duration, type FlagKind, folder, list, objectName, port, seconds, text, urlPath,
} from './flag-kinds.ts'

/** effect: `acts`; `later`: accepted, not built yet; else the reason why Lintel needs nothing of the kind. */
export type FlagInfo = {
  readonly help: string
  readonly default: string
  readonly effect: string
  readonly placeholder: string
  readonly namespaced: boolean
}

/** What zod carries beside each schema: one table gives the parser, the type, the warnings and --help. */
export const flagInfo = z.registry<FlagInfo>()

/** A flag that does what it says. */
const acts = <T>(kind: FlagKind<T>, preset: string, help: string) => flag(kind, { default: preset, help, effect: 'acts' })
/** A flag that is accepted, so that a Deployment starts unedited, and does nothing yet. */
const later = <T>(kind: FlagKind<T>, preset: string, help: string) => flag(kind, { default: preset, help, effect: 'later' })
/** A flag of an inner part of nginx that Lintel does not have. */
const needless = <T>(kind: FlagKind<T>, preset: string, why: string) =>
  flag(kind, { default: preset, help: `Not needed: ${why}`, effect: why })

function flag<T>(kind: FlagKind<T>, about: Pick<FlagInfo, 'help' | 'default' | 'effect'>) {
  const { schema, placeholder, namespaced = false } = kind
  return schema.prefault(about.default).register(flagInfo, { ...about, placeholder, namespaced })
}

const source = {
  manifests: acts(folder, '', 'Serve a folder of manifests, watched, instead of a cluster'),
  configmap: acts(objectName, '', 'ConfigMap with the global settings'),
  defaultBackendService: acts(objectName, '', 'Service that answers what no rule matches; none: a plain 404'),
  defaultSslCertificate: acts(objectName, '', 'Secret with the certificate for names that have none; none: one made at start'),
  tcpServicesConfigmap: acts(objectName, '', 'ConfigMap of TCP ports to Services, such as "9000": "default/db:5432"'),
  udpServicesConfigmap: acts(objectName, '', 'ConfigMap of UDP ports to Services'),
}

const scope = {
  controllerClass: acts(text, 'lintel.dev/ingress-controller', 'Value of IngressClass spec.controller to serve'),
  ingressClass: acts(text, 'nginx', 'Value of the legacy annotation kubernetes.io/ingress.class to serve'),
  ingressClassByName: acts(boolean, 'false', 'Serve the IngressClass named as --ingress-class too, whatever its controller'),
  watchIngressWithoutClass: acts(boolean, 'false', 'Serve Ingresses without a class too; true by itself with --manifests'),
  watchNamespace: acts(list, '', 'Serve these namespaces only'),
  watchNamespaceSelector: acts(text, '', 'Serve namespaces with these labels only'),
  annotationsPrefix: acts(text, 'nginx.ingress.kubernetes.io', 'Prefix of the annotations that are read'),
  enableAnnotationValidation: needless(boolean, 'true', 'every value is checked, and none is ever pasted into a configuration'),
  deepInspect: acts(boolean, 'true', 'Refuse hosts and paths with text that tries to reach nginx configuration'),
  disableCatchAll: acts(boolean, 'false', 'Ignore spec.defaultBackend of Ingresses'),
  disableSvcExternalName: acts(boolean, 'false', 'Ignore Services of type ExternalName'),
  enableTopologyAwareRouting: acts(boolean, 'false', 'Use the endpoints that their hints give to --zone, where all have hints'),
  zone: acts(text, '', 'Zone that this instance runs in, such as $(ZONE) of a downward API variable'),
}

const ports = {
  bindAddress: acts(text, '', 'Address of the HTTP and HTTPS ports; none: every address, IPv4 and IPv6'),
  httpPort: acts(port, '80', 'HTTP; 0 takes a free port'),
  httpsPort: acts(port, '443', 'HTTPS; 0 takes a free port'),
  healthzPort: acts(port, '10254', 'Health, metrics and state of the program; 0 takes a free port'),
  healthzSocket: acts(text, '', 'Unix socket that answers the same, for probes of this very process: --healthz-port may then be shared with a successor'),
  healthzHost: acts(text, '', 'Address of --healthz-port; none: --bind-address'),
  healthCheckPath: acts(urlPath, '/healthz', 'A further path of the health check on --healthz-port'),
  workers: acts(count, '0', 'Threads that serve; 0: worker-processes of the ConfigMap, else the CPU quota of the cgroup, rounded up'),
  enableSslPassthrough: acts(boolean, 'false', 'The annotation ssl-passthrough acts: TLS goes to the Service unopened, by server name'),
  enableSslChainCompletion: later(boolean, 'false', 'Fetch missing intermediate certificates'),
}

const lifecycle = {
  shutdownGracePeriod: acts(seconds, '0', 'Between SIGTERM and the start of the drain'),
  postShutdownGracePeriod: acts(seconds, '0', 'Between the end of the drain and the exit (ingress-nginx: 10)'),
}

const metrics = {
  enableMetrics: acts(boolean, 'false', 'Print nginx_ingress_controller_requests beside the lintel_ metrics'),
  reportStatusClasses: acts(boolean, 'false', 'Label it with 2xx instead of 200'),
  timeBuckets: acts(buckets, '0.005,0.01,0.025,0.05,0.1,0.25,0.5,1,2.5,5,10', 'Buckets of the request duration, in seconds'),
  metricsPerHost: later(boolean, 'true', 'Label requests with the host'),
  metricsPerUndefinedHost: later(boolean, 'false', 'Count requests for hosts that no rule names'),
  excludeSocketMetrics: later(list, '', 'Metrics to leave out'),
  lengthBuckets: later(buckets, '10,20,30,40,50,60,70,80,90,100', 'Buckets of the request and response length, in bytes'),
  sizeBuckets: later(buckets, '10,100,1000,10000,100000,1000000,10000000', 'Buckets of the bytes sent'),
  bucketFactor: later(decimal, '0', 'Growth of native histogram buckets; 0: none'),
  maxBuckets: later(count, '100', 'Most native histogram buckets'),
}

const cluster = {
  kubeconfig: acts(text, '', 'File with the address and credentials of the API server; none: the pod\'s own, or $KUBECONFIG'),
  apiserverHost: acts(text, '', 'Address of the API server, without credentials, such as of kubectl proxy'),
  certificateAuthority: acts(text, '', 'File with the CA of --apiserver-host'),
  syncPeriod: acts(duration, '0', 'Between two full lists of all objects, at least 5s; 0: none, as watches miss nothing'),
  disableSyncEvents: acts(boolean, 'false', 'Write no Sync Event for an Ingress that is new or changed'),
}

const status = {
  publishService: acts(objectName, '', 'Service whose address is copied into the status of Ingresses'),
  publishStatusAddress: acts(list, '', 'Addresses for the status of Ingresses'),
  updateStatus: acts(boolean, 'true', 'Write the status of Ingresses'),
  updateStatusOnShutdown: needless(boolean, 'true', 'a status outlives a restart; it is cleared where an Ingress leaves the class'),
  statusUpdateInterval: needless(seconds, '60', 'the status is written when it changes'),
  reportNodeInternalIpAddress: acts(boolean, 'false', 'Use the internal address of nodes for it'),
  electionId: acts(text, 'ingress-controller-leader', 'Lease that elects the replica that writes the status'),
  electionTtl: acts(duration, '30s', 'Life of that Lease'),
  disableLeaderElection: acts(boolean, 'false', 'Elect nobody: no status and no Events are written'),
}

const admission = {
  validatingWebhook: later(text, '', 'Address to listen on, such as :8443'),
  validatingWebhookCertificate: later(text, '', 'Certificate file'),
  validatingWebhookKey: later(text, '', 'Key file'),
  disableFullTest: later(boolean, 'false', 'Check the submitted Ingress alone'),
}

const geoip = {
  maxmindLicenseKey: later(text, '', 'Licence of the MaxMind database'),
  maxmindMirror: later(text, '', 'Where to fetch it'),
  maxmindEditionIds: later(list, 'GeoLite2-City,GeoLite2-ASN', 'Editions to fetch'),
  maxmindRetriesCount: later(count, '1', 'Tries of a fetch'),
  maxmindRetriesTimeout: later(duration, '0s', 'Between two tries'),
}

const nginx = {
  healthCheckTimeout: needless(seconds, '10', 'the health check asks no other process'),
  defaultServerPort: needless(port, '8181', 'the 404 page needs no server of its own'),
  statusPort: needless(port, '10246', 'the threads need no status server'),
  streamPort: needless(port, '10247', 'the threads need no configuration server'),
  sslPassthroughProxyPort: needless(port, '442', 'TLS passthrough needs no second listener'),
  profiling: needless(boolean, 'true', 'there is no pprof server'),
  profilerPort: needless(port, '10245', 'there is no pprof server'),
  profilerAddress: needless(text, '127.0.0.1', 'there is no pprof server'),
  internalLoggerAddress: needless(text, '127.0.0.1:11514', 'logs go to standard output'),
  syncRateLimit: needless(decimal, '0.3', 'a change costs no reload, so none is held back'),
  dynamicConfigurationRetries: needless(count, '15', 'changes reach the threads without retries'),
  monitorMaxBatchSize: needless(count, '10000', 'every request is counted'),
  v: needless(count, '2', 'the log has one level'),
  logtostderr: needless(boolean, 'true', 'the log goes to standard error'),
  alsologtostderr: needless(boolean, 'false', 'the log goes to standard error'),
  stderrthreshold: needless(text, '2', 'the log has one level'),
  vmodule: needless(text, '', 'the log has one level'),
}

const about = {
  version: acts(boolean, 'false', 'Print the version and exit'),
  help: acts(boolean, 'false', 'Print this and exit'),
}

/** In the order of --help. */
export const flagGroups = {
  'What is served': source,
  'Which Ingresses count': scope,
  'Ports and threads': ports,
  'Start and stop': lifecycle,
  'Metrics': metrics,
  'Kubernetes API': cluster,
  'Ingress status': status,
  'Admission webhook': admission,
  'GeoIP': geoip,
  'Inner parts of nginx': nginx,
  'About': about,
}

export const flagSchema = z.object({
  ...source, ...scope, ...ports, ...lifecycle, ...metrics, ...cluster, ...status, ...admission, ...geoip, ...nginx, ...about,
})
