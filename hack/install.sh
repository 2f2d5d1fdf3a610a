#!/usr/bin/env bash
# Installs the agent and the log generator in the cluster of the current context. The image
# kubetail-cluster-agent-deno:dev must already be on its nodes: hack/kind/up.sh, hack/minikube/up.sh and hack/k3d/up.sh
# put it there, call this script, and then restart the pods that use an image of the same name.
# usage: install.sh [HELM_OPTION...], for example --set docker.enabled=true
set -euo pipefail
cd "$(dirname "$0")/.."

helm=$(command -v helm || bash hack/tool.sh helm)
bash hack/secret.sh
"$helm" upgrade --install kubetail-cluster-agent deploy/chart --namespace kubetail-system \
  --values hack/values.yaml "$@" --wait --timeout 600s
kubectl apply --server-side --filename hack/manifests/log-generator.yaml
kubectl rollout status --namespace kubetail-system daemonset/kubetail-cluster-agent --timeout 600s
kubectl rollout status --namespace log-generator deployment/log-generator --timeout 600s
