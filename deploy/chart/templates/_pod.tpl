{{- /* The pod: as in deploy/pod, where the reasons stand. */ -}}
{{- define "lintel.pod" -}}
{{- $controller := .Values.controller -}}
metadata:
  labels:
    {{- include "lintel.labels" . | nindent 4 }}
    {{- with $controller.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $controller.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "lintel.serviceAccountName" . }}
  {{- /* The pod says it too: an account of one's own may say otherwise. */}}
  automountServiceAccountToken: {{ .Values.serviceAccount.automountServiceAccountToken }}
  terminationGracePeriodSeconds: {{ $controller.terminationGracePeriodSeconds }}
  hostNetwork: {{ $controller.hostNetwork }}
  dnsPolicy: {{ default (ternary "ClusterFirstWithHostNet" "ClusterFirst" $controller.hostNetwork) $controller.dnsPolicy }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    seccompProfile:
      type: RuntimeDefault
  {{- with $controller.extraInitContainers }}
  initContainers:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: lintel
      image: {{ include "lintel.image" . }}
      imagePullPolicy: {{ $controller.image.pullPolicy }}
      args:
        {{- include "lintel.args" . | nindent 8 }}
      env:
        - name: POD_NAME
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
        - name: POD_NAMESPACE
          valueFrom:
            fieldRef:
              fieldPath: metadata.namespace
        {{- with $controller.extraEnvs }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- if not $controller.hostNetwork }}
      ports:
        - name: http
          containerPort: 8080
        - name: https
          containerPort: 8443
        - name: metrics
          containerPort: 10254
        {{- range $protocol, $services := dict "tcp" .Values.tcp "udp" .Values.udp }}
        {{- range $port, $_ := $services }}
        - name: {{ $port }}-{{ $protocol }}
          containerPort: {{ $port }}
          protocol: {{ upper $protocol }}
        {{- end }}
        {{- end }}
      {{- end }}
      {{- if $controller.hostNetwork }}
      startupProbe:
        exec:
          command: [/lintel, ready, --healthz-socket=/tmp/healthz.sock]
        periodSeconds: 1
        timeoutSeconds: 2
        failureThreshold: 600
      {{- end }}
      livenessProbe:
        httpGet:
          path: /healthz
          port: 10254
        periodSeconds: 10
        failureThreshold: 6
      readinessProbe:
        httpGet:
          path: /readyz
          port: 10254
        periodSeconds: 2
        failureThreshold: 1
      {{- with $controller.resources }}
      resources:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      securityContext:
        allowPrivilegeEscalation: {{ $controller.hostNetwork }}
        readOnlyRootFilesystem: true
        capabilities:
          drop: [ALL]
          add: [NET_BIND_SERVICE]
      volumeMounts:
        - name: tmp
          mountPath: /tmp
        {{- with $controller.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    {{- with $controller.extraContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  volumes:
    - name: tmp
      emptyDir: {}
    {{- with $controller.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- include "lintel.placement" . | nindent 2 }}
{{- end -}}

{{- define "lintel.placement" -}}
{{- with .Values.controller -}}
{{- with $.Values.imagePullSecrets -}}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{ end -}}
{{- with .runtimeClassName -}}
runtimeClassName: {{ . }}
{{ end -}}
{{- if .shareProcessNamespace -}}
shareProcessNamespace: true
{{ end -}}
{{- with .hostAliases -}}
hostAliases:
  {{- toYaml . | nindent 2 }}
{{ end -}}
{{- with .dnsConfig -}}
dnsConfig:
  {{- toYaml . | nindent 2 }}
{{ end -}}
{{- with .priorityClassName -}}
priorityClassName: {{ . }}
{{ end -}}
{{- with .nodeSelector -}}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{ end -}}
{{- with .tolerations -}}
tolerations:
  {{- toYaml . | nindent 2 }}
{{ end -}}
{{- with .affinity -}}
affinity:
  {{- toYaml . | nindent 2 }}
{{ end -}}
{{- if .topologySpreadConstraints -}}
topologySpreadConstraints:
  {{- toYaml .topologySpreadConstraints | nindent 2 }}
{{- else if eq .kind "Deployment" -}}
topologySpreadConstraints:
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - topologyKey: {{ . }}
    maxSkew: 1
    whenUnsatisfiable: ScheduleAnyway
    matchLabelKeys: [pod-template-hash]
    labelSelector:
      matchLabels:
        {{- include "lintel.selectorLabels" $ | nindent 8 }}
  {{- end }}
{{- end -}}
{{- end -}}
{{- end -}}
