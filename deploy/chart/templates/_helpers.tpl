{{- define "agent.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "agent.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else if or .Values.kubetailRelease (contains "cluster-agent" .Release.Name) -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-cluster-agent" (.Release.Name | trunc 38 | trimSuffix "-") -}}
{{- end -}}
{{- end -}}

{{/* The Service for the metrics of any agent. */}}
{{- define "agent.metricsService" -}}
{{- $name := include "agent.fullname" . -}}
{{- ternary $name (printf "%s-metrics" $name) (hasSuffix "-metrics" $name) -}}
{{- end -}}

{{/* Never change these: a DaemonSet's selector is immutable. */}}
{{- define "agent.selectorLabels" -}}
app.kubernetes.io/name: {{ include "agent.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: cluster-agent
{{- end -}}

{{/* The monitored pods: the chart's own, or those of Kubetail's chart. */}}
{{- define "agent.targetLabels" -}}
{{- if .Values.kubetailRelease -}}
app.kubernetes.io/name: kubetail
app.kubernetes.io/instance: {{ .Values.kubetailRelease }}
app.kubernetes.io/component: cluster-agent
{{- else -}}
{{- include "agent.selectorLabels" . -}}
{{- end -}}
{{- end -}}

{{- define "agent.labels" -}}
{{- $own := dict
  "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-")
  "app.kubernetes.io/name" (include "agent.name" .)
  "app.kubernetes.io/instance" .Release.Name
  "app.kubernetes.io/component" "cluster-agent"
  "app.kubernetes.io/part-of" "kubetail"
  "app.kubernetes.io/version" .Chart.AppVersion
  "app.kubernetes.io/managed-by" .Release.Service -}}
{{- merge $own .Values.commonLabels | toYaml -}}
{{- end -}}

{{/* metadata of an object. Takes a list: root, name, and optionally labels, annotations, namespace ("-": none). */}}
{{- define "agent.metadata" -}}
{{- $root := index . 0 -}}
{{- $labels := dict -}}{{- $annotations := dict -}}{{- $namespace := $root.Release.Namespace -}}
{{- if gt (len .) 2 }}{{ $labels = index . 2 | default dict }}{{ end -}}
{{- if gt (len .) 3 }}{{ $annotations = index . 3 | default dict }}{{ end -}}
{{- if gt (len .) 4 }}{{ $namespace = index . 4 | default $namespace }}{{ end -}}
name: {{ index . 1 }}
{{- if ne $namespace "-" }}
namespace: {{ $namespace }}
{{- end }}
labels:
  {{- merge (include "agent.labels" $root | fromYaml) $labels | toYaml | nindent 2 }}
{{- with merge (deepCopy $annotations) $root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "agent.image" -}}
{{- $image := .Values.image -}}
{{- $repository := $image.repository -}}
{{- with $image.registry }}{{ $repository = printf "%s/%s" . $repository }}{{ end -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository ($image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{/* The agent's whole configuration: what the profile needs, overridden by the values' config. */}}
{{- define "agent.config" -}}
{{- $profile := dict
  "tls" (dict "client-auth" "require-and-verify" "ca-file" "/etc/kubetail-tls/ca.crt")
  "authorization" (dict "methods" (list "front-proxy")) -}}
{{- if eq .Values.profile "token" -}}
{{- $profile = dict
  "tls" (dict "client-auth" "none" "ca-file" "")
  "authorization" (dict "methods" (list "token")) -}}
{{- end -}}
{{- mergeOverwrite $profile (deepCopy .Values.config) | toYaml -}}
{{- end -}}

{{/* Fails if the agent would not start with the configuration (docs/security.md, "Configurations that do not start"). */}}
{{- define "agent.checkConfig" -}}
{{- $config := include "agent.config" . | fromYaml -}}
{{- $methods := dig "authorization" "methods" list $config -}}
{{- $tls := dig "tls" "enabled" true $config -}}
{{- $loopback := include "agent.isLoopback" (dig "addr" ":50051" $config) -}}
{{- if and (has "front-proxy" $methods) (not (and $tls (eq (dig "tls" "client-auth" "" $config) "require-and-verify"))) -}}
{{- fail "config.authorization.methods has front-proxy, which needs config.tls.enabled: true and config.tls.client-auth: require-and-verify, or anyone who connects could impersonate any user. Without client certificates, use profile: token" -}}
{{- end -}}
{{- if and (has "token" $methods) (not $tls) (not $loopback) -}}
{{- fail "config.authorization.methods has token, which needs config.tls.enabled: true unless config.addr is a loopback address: tokens would cross the network in clear text" -}}
{{- end -}}
{{- if and (has "allow-all" $methods) (not $loopback) -}}
{{- fail "config.authorization.methods has allow-all, which needs config.addr to be a loopback address" -}}
{{- end -}}
{{- $probed := ternary "telemetry.addr" "addr" (ne (include "agent.metricsPort" .) "") -}}
{{- if include "agent.isLoopback" (dig "telemetry" "addr" ":9464" $config | default (dig "addr" ":50051" $config)) -}}
{{- fail (printf "config.%s is a loopback address, where the kubelet's probes cannot reach the agent: it would be restarted repeatedly" $probed) -}}
{{- end -}}
{{- end -}}

{{/* "true" for an address, HOST:PORT, that cannot be reached from outside the pod. */}}
{{- define "agent.isLoopback" -}}
{{- if regexMatch "^(127\\.[0-9.]+|localhost|\\[::1\\]):" . -}}true{{- end -}}
{{- end -}}

{{/* The port of an address, HOST:PORT; empty if the address is. */}}
{{- define "agent.port" -}}
{{- regexFind "[0-9]+$" (. | default "") -}}
{{- end -}}

{{- define "agent.grpcPort" -}}
{{- include "agent.port" (dig "addr" ":50051" .Values.config) -}}
{{- end -}}

{{/* Empty if telemetry is off. */}}
{{- define "agent.metricsPort" -}}
{{- include "agent.port" (dig "telemetry" "addr" ":9464" .Values.config) -}}
{{- end -}}

{{/* "true" if the agent reviews the access of others. */}}
{{- define "agent.reviewsAccess" -}}
{{- if has "front-proxy" (dig "authorization" "methods" list (include "agent.config" . | fromYaml)) -}}true{{- end -}}
{{- end -}}

{{- define "agent.tlsEnabled" -}}
{{- if dig "tls" "enabled" true .Values.config -}}true{{- end -}}
{{- end -}}

{{- define "agent.tlsSecretName" -}}
{{- .Values.tls.secretName | default (printf "%s-tls" (include "agent.fullname" .)) -}}
{{- end -}}

{{- define "agent.clientSecretName" -}}
{{- .Values.tls.certManager.clientCertificate.secretName | default (printf "%s-client-tls" (include "agent.fullname" .)) -}}
{{- end -}}

{{- define "agent.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (ternary (include "agent.fullname" .) "default" .Values.serviceAccount.create) -}}
{{- end -}}

{{- define "agent.priorityClassName" -}}
{{- .Values.priorityClass.name | default (ternary (include "agent.fullname" .) "" .Values.priorityClass.create) -}}
{{- end -}}

{{/* A Kubernetes quantity of memory in bytes, as Prometheus shows it. Empty for none. */}}
{{- define "agent.bytes" -}}
{{- $text := ternary (int64 .) . (kindIs "float64" .) | toString -}}
{{- $number := regexFind "^[0-9.]+" $text -}}
{{- $unit := trimPrefix $number $text -}}
{{- $factors := dict "" 1 "k" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- if and $number (hasKey $factors $unit) -}}
{{- mulf (float64 $number) (get $factors $unit) | int64 -}}
{{- end -}}
{{- end -}}
