#!/usr/bin/env bash
# Tests the agent in Kubetail's own chart, replacing the chart's agent: it starts from the chart's configuration and
# certificates and answers a caller that presents the certificate of the chart's Cluster API.
set -euo pipefail
cd "$(dirname "$0")/../../.."
# shellcheck source=tests/e2e/kind/forward.sh
. tests/e2e/kind/forward.sh

work=$(mktemp -d)
clean_up() {
  stop_forward
  rm -rf "$work"
}
trap clean_up EXIT

# Removes the separately installed agent: the chart's objects have the same names.
helm uninstall kubetail-cluster-agent --namespace "$namespace" --ignore-not-found --wait
kubectl delete secret kubetail-cluster-agent-tls --namespace "$namespace" --ignore-not-found

step "install the chart with deploy/helm-values.yaml"
helm repo add kubetail https://kubetail-org.github.io/helm-charts/ --force-update
helm upgrade --install kubetail kubetail/kubetail --version 0.24.0 --namespace "$namespace" --create-namespace \
  --values deploy/helm-values.yaml \
  --set kubetail.clusterAgent.image.registry= \
  --set kubetail.clusterAgent.image.repository=kubetail-cluster-agent-deno \
  --set kubetail.clusterAgent.image.tag=dev \
  --wait --timeout 10m
kubectl rollout status --namespace "$namespace" daemonset/kubetail-cluster-agent --timeout 600s

step "metrics of the chart's agents"
helm upgrade --install kubetail-agent-metrics deploy/chart --namespace "$namespace" --set kubetailRelease=kubetail
helm test kubetail-agent-metrics --namespace "$namespace" --logs

step "read a log as the Cluster API does"
for file in ca.crt client.crt client.key; do
  kubectl get secret kubetail-cluster-api-tls --namespace "$namespace" \
    --output "jsonpath={.data.${file/./\\.}}" | base64 --decode > "$work/$file"
  [ -s "$work/$file" ] || fail "the chart's secret has no $file"
done
kubectl rollout status --namespace log-generator deployment/log-generator --timeout 600s
read -r pod node < <(kubectl get pods --namespace log-generator --selector app.kubernetes.io/name=log-generator \
  --output jsonpath='{.items[0].metadata.name} {.items[0].spec.nodeName}{"\n"}')
forward "$(node_agent "$node")"
lines=$(deno task --quiet client backward "log-generator/$pod/web" --limit 5 \
  --addr localhost:50061 --server-name kubetail-cluster-agent \
  --ca "$work/ca.crt" --cert "$work/client.crt" --key "$work/client.key" \
  --user kubernetes-admin --group kubeadm:cluster-admins | wc -l)
[ "$lines" = 5 ] || fail "$lines lines instead of 5"

echo "ok"
