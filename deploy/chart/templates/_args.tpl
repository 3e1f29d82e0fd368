{{- /* The command line. extraArgs come last: of a flag that is given twice the last one counts. */ -}}
{{- define "lintel.args" -}}
{{- $controller := .Values.controller -}}
- --configmap=$(POD_NAMESPACE)/{{ include "lintel.fullname" . }}
- --election-id={{ default (printf "%s-leader" (include "lintel.fullname" .)) $controller.electionID }}
{{- with $controller.electionTTL }}
- --election-ttl={{ . }}
{{- end }}
- --controller-class={{ $controller.ingressClassResource.controllerValue }}
- --ingress-class={{ $controller.ingressClass }}
{{- if $controller.ingressClassByName }}
- --ingress-class-by-name
{{- end }}
{{- if $controller.watchIngressWithoutClass }}
- --watch-ingress-without-class
{{- end }}
{{- if $controller.scope.enabled }}
{{- if $controller.scope.namespaceSelector }}
- --watch-namespace-selector={{ $controller.scope.namespaceSelector }}
{{- else }}
- --watch-namespace={{ include "lintel.watchedNamespace" . }}
{{- end }}
{{- end }}
{{- if include "lintel.published" . }}
- --publish-service={{ include "lintel.published" . }}
{{- end }}
{{- range $flag, $wanted := dict "enable-topology-aware-routing" $controller.enableTopologyAwareRouting "disable-leader-election" $controller.disableLeaderElection "report-node-internal-ip-address" $controller.reportNodeInternalIp }}
{{- if $wanted }}
- --{{ $flag }}
{{- end }}
{{- end }}
{{- if ne $controller.healthCheckPath "/healthz" }}
- --health-check-path={{ $controller.healthCheckPath }}
{{- end }}
{{- range $protocol, $services := dict "tcp" .Values.tcp "udp" .Values.udp }}
{{- if $services }}
- --{{ $protocol }}-services-configmap=$(POD_NAMESPACE)/{{ include "lintel.fullname" $ }}-{{ $protocol }}
{{- end }}
{{- end }}
{{- if $controller.hostNetwork }}
- --healthz-socket=/tmp/healthz.sock
{{- else }}
- --http-port=8080
- --https-port=8443
# So long a load balancer may take to see that a pod leaves; it accepts connections until then.
- --shutdown-grace-period=10
{{- end }}
{{- range $name, $value := $controller.extraArgs }}
- --{{ $name }}{{ if ne (toString $value) "true" }}={{ $value }}{{ end }}
{{- end }}
{{- end -}}

{{- /* A NodePort Service has no address that a client could use. */ -}}
{{- define "lintel.published" -}}
{{- with .Values.controller -}}
{{- if and .publishService.enabled .publishService.pathOverride -}}
{{- .publishService.pathOverride -}}
{{- else if and .publishService.enabled .service.enabled (ne .service.type "NodePort") (not .hostNetwork) -}}
$(POD_NAMESPACE)/{{ include "lintel.fullname" $ }}
{{- end -}}
{{- end -}}
{{- end -}}
