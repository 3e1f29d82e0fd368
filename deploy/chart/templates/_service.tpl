{{- /* A Service of the controller. service: its values; name; annotations are the caller's to want. Ports of TCP and UDP services are the same in all. */ -}}
{{- define "lintel.service" -}}
{{- $service := .service -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "lintel.labels" .root | nindent 4 }}
    {{- with $service.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $service.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  type: {{ $service.type }}
  {{- if ne $service.type "ClusterIP" }}
  {{- with $service.externalTrafficPolicy }}
  externalTrafficPolicy: {{ . }}
  {{- end }}
  {{- end }}
  ipFamilyPolicy: {{ $service.ipFamilyPolicy }}
  {{- range $field := list "clusterIP" "loadBalancerIP" "loadBalancerClass" "sessionAffinity" "trafficDistribution" "healthCheckNodePort" }}
  {{- with get $service $field }}
  {{ $field }}: {{ . }}
  {{- end }}
  {{- end }}
  {{- if not (kindIs "invalid" $service.allocateLoadBalancerNodePorts) }}
  allocateLoadBalancerNodePorts: {{ $service.allocateLoadBalancerNodePorts }}
  {{- end }}
  {{- range $field := list "clusterIPs" "externalIPs" "ipFamilies" "loadBalancerSourceRanges" }}
  {{- with get $service $field }}
  {{ $field }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
  selector:
    {{- include "lintel.selectorLabels" .root | nindent 4 }}
  ports:
    {{- range $name, $enabled := dict "http" $service.enableHttp "https" $service.enableHttps }}
    {{- if $enabled }}
    - name: {{ $name }}
      port: {{ get $service.ports $name }}
      targetPort: {{ get $service.targetPorts $name }}
      {{- if $service.appProtocol }}
      appProtocol: {{ $name }}
      {{- end }}
      {{- with get (default dict $service.nodePorts) $name }}
      nodePort: {{ . }}
      {{- end }}
    {{- end }}
    {{- end }}
    {{- range $protocol, $services := dict "tcp" .root.Values.tcp "udp" .root.Values.udp }}
    {{- range $port, $_ := $services }}
    - name: {{ $port }}-{{ $protocol }}
      port: {{ $port }}
      protocol: {{ upper $protocol }}
      targetPort: {{ $port }}-{{ $protocol }}
      {{- with get (default dict (get (default dict $service.nodePorts) $protocol)) (toString $port) }}
      nodePort: {{ . }}
      {{- end }}
    {{- end }}
    {{- end }}
{{- end -}}
