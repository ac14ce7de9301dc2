{{- /* What cannot work is refused before it is installed, with the way out. */ -}}
{{- define "proxy.refuse" -}}
{{- $v := .Values -}}
{{- $c := $v.credential -}}
{{- $name := .Release.Name -}}
{{- if not $v.image.repository -}}
{{- fail (printf "\n\nimage.repository is required: this image is built by its owner. In the project's checkout:\n\n  docker build -t REGISTRY/claude-code-proxy:%s .\n  docker push REGISTRY/claude-code-proxy:%s\n\nThen: --set image.repository=REGISTRY/claude-code-proxy\n(For API keys alone: docker build --target slim, and --set image.variant=slim.)\n" .Chart.AppVersion .Chart.AppVersion) -}}
{{- end -}}
{{- $given := list -}}
{{- if $c.apiKey }}{{ $given = append $given "credential.apiKey" }}{{ end -}}
{{- if $c.existingSecret }}{{ $given = append $given "credential.existingSecret" }}{{ end -}}
{{- if $c.oauthToken.value }}{{ $given = append $given "credential.oauthToken.value" }}{{ end -}}
{{- if $c.oauthToken.existingSecret }}{{ $given = append $given "credential.oauthToken.existingSecret" }}{{ end -}}
{{- if $c.login.enabled }}{{ $given = append $given "credential.login.enabled" }}{{ end -}}
{{- if ne (len $given) 1 -}}
{{- fail (printf "\n\nExactly one credential is needed, and %s given. One of:\n\n  --set credential.apiKey=sk-ant-...                an Anthropic API key\n  --set credential.existingSecret=NAME              a Secret of yours with the key ANTHROPIC_API_KEY\n  --set credential.oauthToken.existingSecret=NAME   a Secret of yours with the key CLAUDE_CODE_OAUTH_TOKEN\n  --set credential.login.enabled=true               a Claude Code login on a volume\n" (empty $given | ternary "none was" (printf "%s were" (join " and " $given)))) -}}
{{- end -}}
{{- range $key, $value := $v.settings -}}
{{- $at := dict "ANTHROPIC_API_KEY" "credential.apiKey or credential.existingSecret" "CLAUDE_ACCESS_TOKEN" "credential" "CLAUDE_CODE_OAUTH_TOKEN" "credential.oauthToken" "PROXY_API_KEY" "proxyApiKey" "ALLOW_KEYLESS" "proxyApiKey.enabled" "PORT" "service.port" "HOST" "service" "DRAIN_SECONDS" "drainSeconds" "CLAUDE_CONFIG_DIR" "credential.login" "CLAUDE_CREDENTIALS_PATH" "credential.login" -}}
{{- if hasKey $at $key -}}
{{- fail (printf "\n\nsettings.%s: set it with %s instead.\n" $key (get $at $key)) -}}
{{- end -}}
{{- end -}}
{{- if include "proxy.hasLogin" . -}}
{{- if or (eq $v.image.variant "slim") (contains "slim" (include "proxy.image" .)) -}}
{{- fail "\n\nA login needs Claude Code, and the slim image has none: build the default target of the Dockerfile, or use an API key.\n" -}}
{{- end -}}
{{- if or $v.autoscaling.enabled (gt (int $v.replicaCount) 1) -}}
{{- fail "\n\nA login serves from one replica: it is one person's, its conversations are held by one process, and two that renew it would sign each other out. Set replicaCount to 1 and autoscaling.enabled to false, or use an API key, which takes any number.\n" -}}
{{- end -}}
{{- if gt (int (get $v.settings "WORKERS" | default 1)) 1 -}}
{{- fail "\n\nA login serves from one process: leave settings.WORKERS at 1, or use an API key.\n" -}}
{{- end -}}
{{- end -}}
{{- if and $v.autoscaling.enabled (gt (int $v.autoscaling.minReplicas) (int $v.autoscaling.maxReplicas)) -}}
{{- fail "\n\nautoscaling.minReplicas is more than autoscaling.maxReplicas.\n" -}}
{{- end -}}
{{- if and $v.ingress.enabled (not $v.ingress.hosts) -}}
{{- fail "\n\ningress.enabled needs a host name: --set ingress.hosts={claude.example.org}\n" -}}
{{- end -}}
{{- if and (not $v.proxyApiKey.enabled) (or $v.ingress.enabled (ne $v.service.type "ClusterIP")) -}}
{{- fail "\n\nWithout proxyApiKey, everybody who reaches the proxy spends your credit: an Ingress, NodePort or LoadBalancer needs proxyApiKey.enabled=true.\n" -}}
{{- end -}}
{{- end }}
