#!/usr/bin/env bash
# Creates a local cluster with k3d (k3s in Docker), the agent and pods that log. Run it again after a change.
set -euo pipefail
cd "$(dirname "$0")/../.."

name=kubetail-agent

if ! k3d cluster list "$name" >/dev/null 2>&1; then
  k3d cluster create --config hack/k3d/cluster.yaml
fi
kubectl config use-context "k3d-$name"
docker buildx bake image-local
k3d image import --cluster "$name" kubetail-cluster-agent-deno:dev
bash hack/install.sh
kubectl rollout restart --namespace kubetail-system daemonset/kubetail-cluster-agent
kubectl rollout status --namespace kubetail-system daemonset/kubetail-cluster-agent --timeout 600s
