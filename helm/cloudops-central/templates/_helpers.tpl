{{/* Each takes (dict "root" $ "component" "controller"|"worker"). */}}

{{- define "cloudops.name" -}}
{{- printf "%s-%s" .root.Values.fullnameOverride .component -}}
{{- end -}}

{{- define "cloudops.selectorLabels" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "cloudops.labels" -}}
{{ include "cloudops.selectorLabels" . }}
app.kubernetes.io/part-of: {{ .root.Chart.Name }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "cloudops.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "cloudops.secretNamespaces" -}}
{{- .Values.secretNamespaces | default (list .Release.Namespace) | uniq | toJson -}}
{{- end -}}

{{/* Names of ServiceAccounts by namespace, as JSON. */}}
{{- define "cloudops.tokenAccounts" -}}
{{- $found := dict -}}
{{- range .Values.workloadIdentity.serviceAccounts -}}
{{- $_ := set $found .namespace (append (get $found .namespace | default list) .name | uniq) -}}
{{- end -}}
{{- toJson $found -}}
{{- end -}}

{{/* What the controller reads and writes of the custom resources, cluster-wide or per namespace. */}}
{{- define "cloudops.controllerRules" -}}
- apiGroups: [cloudops.dev]
  resources: [cloudproviders]
  verbs: [list, watch]
- apiGroups: [cloudops.dev]
  resources: [cloudproviders/status]
  verbs: [patch]
- apiGroups: [""]
  resources: [events]
  verbs: [create, patch]
{{- end -}}

{{/* Settings of both components; what only one of them reads stands in its Deployment. */}}
{{- define "cloudops.env" -}}
- name: CLOUDOPS_DATABASE_URL
  valueFrom:
    secretKeyRef:
      name: {{ required "database.existingSecret is required: the name of a Secret in the release's namespace whose key `url` holds postgresql://…" .root.Values.database.existingSecret }}
      key: {{ .root.Values.database.key }}
{{- if .root.Values.database.caSecret.name }}
- name: PGSSLROOTCERT
  value: /etc/cloudops/database/ca.crt
{{- end }}
- name: CLOUDOPS_DATABASE_POOL_SIZE
  value: {{ .root.Values.database.poolSize | quote }}
- name: CLOUDOPS_NAMESPACE
  valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
- name: CLOUDOPS_POD_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- name: CLOUDOPS_DEPLOYMENT_NAME
  value: {{ include "cloudops.name" . }}
- name: CLOUDOPS_WATCH_NAMESPACES
  value: {{ .root.Values.watchNamespaces | join "," | quote }}
- name: CLOUDOPS_IDENTITY_ALLOWED_NAMESPACES
  value: {{ .root.Values.identity.allowedNamespaces | join "," | quote }}
- name: CLOUDOPS_ENDPOINTS_ALLOWED
  value: {{ .root.Values.endpoints.allowed | join "," | quote }}
- name: CLOUDOPS_LOG_LEVEL
  value: {{ .root.Values.log.level }}
- name: CLOUDOPS_LOG_FORMAT
  value: {{ .root.Values.log.format }}
- name: CLOUDOPS_HTTP_PORT
  value: "8080"
{{- end -}}

{{- define "cloudops.mounts" -}}
- {name: tmp, mountPath: /tmp}
{{- if .root.Values.database.caSecret.name }}
- {name: database-ca, mountPath: /etc/cloudops/database, readOnly: true}
{{- end }}
{{- end -}}

{{- define "cloudops.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/*
The pod of a component; also takes "env", the settings that only it reads.
No runAsUser: the image's user is numeric, and OpenShift assigns its own.
*/}}
{{- define "cloudops.pod" -}}
{{- $values := index .root.Values .component -}}
metadata:
  labels:
    {{- include "cloudops.selectorLabels" . | nindent 4 }}
    app.kubernetes.io/part-of: {{ .root.Chart.Name }}
    app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
    {{- with $values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "cloudops.name" . }}
  enableServiceLinks: false
  # Longer than the 25 s in which a worker finishes or hands back its leases.
  terminationGracePeriodSeconds: 40
  securityContext:
    runAsNonRoot: true
    seccompProfile: {type: RuntimeDefault}
  {{- with .root.Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with $values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "cloudops.selectorLabels" . | nindent 10 }}
  {{- if .root.Values.database.migrate }}
  # In every pod, not in a Job: an advisory lock lets one do the work while the others wait, and
  # `helm`, `kubectl apply -k`, Argo CD and Flux then all upgrade alike, without hooks.
  initContainers:
    - name: migrate
      image: {{ include "cloudops.image" .root }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      args: [migrate]
      env:
        {{- include "cloudops.env" . | nindent 8 }}
        {{- with $values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      resources:
        {{- toYaml $values.resources | nindent 8 }}
      securityContext:
        {{- include "cloudops.containerSecurity" . | nindent 8 }}
      volumeMounts:
        {{- include "cloudops.mounts" . | nindent 8 }}
  {{- end }}
  containers:
    - name: {{ .component }}
      image: {{ include "cloudops.image" .root }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      args: [{{ .component }}]
      env:
        {{- include "cloudops.env" . | nindent 8 }}
        {{- .env | trim | nindent 8 }}
        {{- with $values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        - {name: http, containerPort: 8080}
      startupProbe:
        httpGet: {path: /livez, port: http}
        periodSeconds: 2
        failureThreshold: 60
      livenessProbe:
        httpGet: {path: /livez, port: http}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet: {path: /readyz, port: http}
        periodSeconds: 10
        timeoutSeconds: 5
      resources:
        {{- toYaml $values.resources | nindent 8 }}
      securityContext:
        {{- include "cloudops.containerSecurity" . | nindent 8 }}
      volumeMounts:
        {{- include "cloudops.mounts" . | nindent 8 }}
  volumes:
    - name: tmp
      emptyDir: {}
    {{- with .root.Values.database.caSecret }}
    {{- if .name }}
    - name: database-ca
      secret:
        secretName: {{ .name }}
        items: [{key: {{ .key }}, path: ca.crt}]
    {{- end }}
    {{- end }}
{{- end -}}
