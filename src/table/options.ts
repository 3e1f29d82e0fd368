// What of the command line decides how a table is built. The watcher maps flags to this; defaults stand with the flags.
import type { Certificate } from '../model.ts'

/** Object references are `namespace/name`, `` for none. */
export type BuildOptions = {
  /** IngressClass.spec.controller that is ours. */
  readonly controllerClass: string
  /** Value of the annotation kubernetes.io/ingress.class, and of spec.ingressClassName where no IngressClass object has that name. */
  readonly ingressClass: string
  /** Serve an IngressClass named `ingressClass` whatever its controller. */
  readonly ingressClassByName: boolean
  readonly watchIngressWithoutClass: boolean
  /** Without the slash: `nginx.ingress.kubernetes.io`. */
  readonly annotationsPrefix: string
  readonly configmap: string
  readonly defaultBackendService: string
  readonly defaultSslCertificate: string
  readonly tcpServicesConfigmap: string
  readonly udpServicesConfigmap: string
  /** TCP ports that are ours: no Service gets them. */
  readonly ownPorts: readonly number[]
  /** The annotation ssl-passthrough acts. */
  readonly sslPassthrough: boolean
  /** Ignore Ingresses with spec.defaultBackend. */
  readonly disableCatchAll: boolean
  /** Services of type ExternalName get no endpoints. */
  readonly disableSvcExternalName: boolean
  /** Ours, to which the hints of endpoints are compared; `` where they are not looked at. */
  readonly zone: string
  /** Drop Ingresses whose paths look like an attack on nginx's configuration. */
  readonly deepInspect: boolean
  /** Served where no other certificate fits and `defaultSslCertificate` is none. */
  readonly fakeCertificate: Certificate
  /** Epoch ms, for certificates about to expire. */
  readonly now: () => number
}
