// The command line as the builder wants it. The only place where flags and build options meet.
import type { Certificate } from '../model.ts'
import type { Flags } from '../settings.ts'
import type { BuildOptions } from '../table/options.ts'

export const buildOptions = (flags: Flags, fakeCertificate: Certificate): BuildOptions => ({
  controllerClass: flags.controllerClass,
  ingressClass: flags.ingressClass,
  ingressClassByName: flags.ingressClassByName,
  watchIngressWithoutClass: flags.watchIngressWithoutClass,
  annotationsPrefix: flags.annotationsPrefix,
  configmap: flags.configmap ?? '',
  defaultBackendService: flags.defaultBackendService ?? '',
  defaultSslCertificate: flags.defaultSslCertificate ?? '',
  tcpServicesConfigmap: flags.tcpServicesConfigmap ?? '',
  udpServicesConfigmap: flags.udpServicesConfigmap ?? '',
  ownPorts: [flags.httpPort, flags.httpsPort, flags.healthzPort],
  sslPassthrough: flags.enableSslPassthrough,
  disableCatchAll: flags.disableCatchAll,
  disableSvcExternalName: flags.disableSvcExternalName,
  zone: flags.enableTopologyAwareRouting ? flags.zone : '',
  deepInspect: flags.deepInspect,
  fakeCertificate,
  now: Date.now,
})
