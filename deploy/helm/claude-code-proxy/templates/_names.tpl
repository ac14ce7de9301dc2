{{- define "proxy.labels" -}}
{{ include "proxy.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "proxy.selector" -}}
app.kubernetes.io/name: claude-code-proxy
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "proxy.image" -}}
{{- $tag := .Values.image.tag | default .Chart.AppVersion -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ $tag }}
{{- end -}}
{{- end }}

{{- define "proxy.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}{{ .Release.Name }}{{ else }}{{ .Values.serviceAccount.name | default "default" }}{{ end -}}
{{- end }}

{{- define "proxy.claim" -}}
{{ .Values.credential.login.existingClaim | default (printf "%s-login" .Release.Name) }}
{{- end }}

{{- define "proxy.apiKeySecret" -}}
{{ .Values.credential.existingSecret | default (printf "%s-anthropic" .Release.Name) }}
{{- end }}

{{- define "proxy.tokenSecret" -}}
{{ .Values.credential.oauthToken.existingSecret | default (printf "%s-login-token" .Release.Name) }}
{{- end }}

{{- /* Whether it comes from a Secret, and which way: a login of any kind is served by Claude Code, in one pod. */ -}}
{{- define "proxy.hasToken" -}}
{{- with .Values.credential.oauthToken }}{{ if or .value .existingSecret }}true{{ end }}{{ end -}}
{{- end }}

{{- define "proxy.hasLogin" -}}
{{- if or .Values.credential.login.enabled (include "proxy.hasToken" .) }}true{{ end -}}
{{- end }}

{{- define "proxy.callersSecret" -}}
{{ .Values.proxyApiKey.existingSecret | default (printf "%s-callers" .Release.Name) }}
{{- end }}

{{- /* Whether there may be more than one pod. */ -}}
{{- define "proxy.several" -}}
{{- if or .Values.autoscaling.enabled (gt (int .Values.replicaCount) 1) }}true{{ end -}}
{{- end }}
