// Value sets of the chart that the tests render: the default, and what people who had ingress-nginx's chart are likely to set.

export const CHART_VALUES: Readonly<Record<string, object>> = {
  'default': {},
  'a DaemonSet on the host\'s network': { controller: { kind: 'DaemonSet', hostNetwork: true, tolerations: [{ operator: 'Exists' }], updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } } } },
  'a DaemonSet behind a Service': { controller: { kind: 'DaemonSet', service: { externalTrafficPolicy: 'Local' } } },
  'NodePort': { controller: { service: { type: 'NodePort', externalTrafficPolicy: 'Cluster', nodePorts: { http: 30081, https: 30444 } } } },
  'ClusterIP, HTTPS only, in both families': { controller: { service: { type: 'ClusterIP', enableHttp: false, ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv4'], sessionAffinity: 'ClientIP' } } },
  'a cloud\'s load balancer': { controller: { service: { annotations: { 'service.beta.kubernetes.io/aws-load-balancer-type': 'nlb' }, labels: { team: 'edge' }, loadBalancerClass: 'example.com/lb', loadBalancerIP: '203.0.113.1', loadBalancerSourceRanges: ['192.0.2.0/24'], externalIPs: ['203.0.113.2'] } } },
  'instead of ingress-nginx': { fullnameOverride: 'ingress-nginx-controller', controller: { electionID: 'lintel-leader', ingressClassResource: { name: 'nginx', controllerValue: 'k8s.io/ingress-nginx', default: true }, config: { 'use-forwarded-headers': true, 'proxy-body-size': '20m', 'worker-processes': 4 } } },
  'autoscaled': { controller: { autoscaling: { enabled: true, minReplicas: 3, maxReplicas: 9, targetMemoryUtilizationPercentage: 80, behavior: { scaleDown: { stabilizationWindowSeconds: 300 } }, annotations: { a: 'b' } }, maxUnavailable: '25%' } },
  'one namespace, with rights in it only': { rbac: { scope: true }, controller: { scope: { enabled: true, namespace: 'ingress-nginx' }, ingressClassResource: { enabled: false } } },
  'an account and an image of one\'s own': { rbac: { create: false }, serviceAccount: { create: false, name: 'edge' }, imagePullSecrets: [{ name: 'registry' }], controller: { image: { registry: 'registry.example', image: 'edge/lintel', tag: '1', digest: `sha256:${'0'.repeat(64)}`, pullPolicy: 'Always' } } },
  'a private load balancer beside the public one, or in its place': { controller: { service: { external: { enabled: false }, internal: { enabled: true, annotations: { 'networking.gke.io/load-balancer-type': 'Internal' }, loadBalancerSourceRanges: ['10.0.0.0/8'] }, allocateLoadBalancerNodePorts: false, trafficDistribution: 'PreferClose' } } },
  'watched by the Prometheus operator': { controller: { metrics: { enabled: true, serviceMonitor: { enabled: true, additionalLabels: { release: 'prometheus' }, scrapeInterval: '10s', scrapeTimeout: '5s', relabelings: [{ action: 'keep' }], targetLabels: ['team'] } } } },
  'what ingress-nginx has by default, written down': {
    defaultBackend: { enabled: false }, tcp: {}, udp: {}, dhParam: '', portNamePrefix: '', podSecurityPolicy: { enabled: false },
    controller: { allowSnippetAnnotations: false, enableAnnotationValidations: true, admissionWebhooks: { enabled: false }, hostPort: { enabled: false }, keda: { enabled: false }, opentelemetry: { enabled: false }, metrics: { prometheusRule: { enabled: false } }, podSecurityContext: {}, sysctls: {}, extraModules: [], maxmindLicenseKey: '' },
  },
  'fields of all messages, and what runs beside it': {
    controller: {
      addHeaders: { 'X-Frame-Options': 'DENY' }, proxySetHeaders: { 'X-Edge': 'lintel' }, extraInitContainers: [{ name: 'wait', image: 'busybox' }], extraContainers: [{ name: 'beside', image: 'busybox' }],
      hostAliases: [{ ip: '10.0.0.1', hostnames: ['a'] }], dnsConfig: { options: [{ name: 'ndots', value: '2' }] }, shareProcessNamespace: true, progressDeadlineSeconds: 900, image: { repository: 'registry.example/edge' },
      enableTopologyAwareRouting: true, disableLeaderElection: true, reportNodeInternalIp: true, healthCheckPath: '/live',
    },
  },
  'TCP and UDP services': { tcp: { 9000: 'default/db:5432' }, udp: { 5353: 'kube-system/kube-dns:53' }, controller: { service: { type: 'NodePort', nodePorts: { tcp: { 9000: 30900 } } } } },
  'everything else': {
    nameOverride: 'edge', commonLabels: { team: 'edge' }, revisionHistoryLimit: 3, serviceAccount: { annotations: { a: 'b' } },
    controller: {
      replicaCount: 1, minReadySeconds: 5, terminationGracePeriodSeconds: 60, dnsPolicy: 'Default', priorityClassName: 'system-cluster-critical', annotations: { a: 'b' }, labels: { c: 'd' }, podAnnotations: { 'prometheus.io/scrape': 'true' },
      podLabels: { e: 'f' }, nodeSelector: { pool: 'edge' }, resources: { requests: { cpu: 1, memory: '512Mi' } }, configAnnotations: { g: 'h' }, extraArgs: { 'enable-metrics': true, 'default-ssl-certificate': 'lintel/wildcard' },
      extraEnvs: [{ name: 'TZ', value: 'UTC' }], extraVolumes: [{ name: 'certificates', emptyDir: {} }], extraVolumeMounts: [{ name: 'certificates', mountPath: '/certificates', readOnly: true }],
      affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { 'app.kubernetes.io/name': 'edge' } } }] } },
      topologySpreadConstraints: [{ topologyKey: 'zone', maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { 'app.kubernetes.io/name': 'edge' } } }], metrics: { enabled: true, service: { servicePort: 9090, annotations: { i: 'j' } } },
    },
  },
}
