{{- /* The rules of deploy/base/rbac.yaml; what each is for stands in deploy/README.md. */ -}}
{{- define "lintel.sourceRules" -}}
- apiGroups: [networking.k8s.io]
  resources: [ingresses]
  verbs: [list, watch]
- apiGroups: [networking.k8s.io]
  resources: [ingresses/status]
  verbs: [patch]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [services]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [secrets, configmaps]
  verbs: [get, list, watch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create]
{{- end -}}
{{- define "lintel.clusterRules" -}}
- apiGroups: [networking.k8s.io]
  resources: [ingressclasses]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [namespaces]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [nodes]
  verbs: [get]
{{- end -}}
{{- define "lintel.ownRules" -}}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [get, create, update, patch]
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch]
{{- end -}}
{{- /* Where the release's namespace is not the one that is watched: its ConfigMap, and the Service that is published. */ -}}
{{- define "lintel.settingsRules" -}}
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [services]
  verbs: [list, watch]
{{- end -}}

{{- /* A role and its binding to our account; grant: name, rules, and namespace, which is empty for a ClusterRole. */ -}}
{{- define "lintel.grant" -}}
{{- $cluster := ternary "Cluster" "" (eq .grant.namespace "") }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $cluster }}Role
metadata:
  {{- include "lintel.grantMetadata" . | nindent 2 }}
rules:
  {{- .grant.rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $cluster }}RoleBinding
metadata:
  {{- include "lintel.grantMetadata" . | nindent 2 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ $cluster }}Role
  name: {{ .grant.name }}
subjects:
  - kind: ServiceAccount
    name: {{ include "lintel.serviceAccountName" .root }}
    namespace: {{ .root.Release.Namespace }}
{{- end -}}

{{- define "lintel.grantMetadata" -}}
name: {{ .grant.name }}
{{- with .grant.namespace }}
namespace: {{ . }}
{{- end }}
labels:
  {{- include "lintel.labels" .root | nindent 2 }}
{{- end -}}
