#!/usr/bin/env bash
# Creates a local cluster with kind, the agent and pods that log. Run it again after a change: it rebuilds and loads the
# image. usage: up.sh [CLUSTER_CONFIGURATION]
set -euo pipefail
cd "$(dirname "$0")/../.."

name=kubetail-agent
configuration=${1:-hack/kind/cluster.yaml}

if ! kind get clusters | grep --quiet --line-regexp "$name"; then
  kind create cluster --name "$name" --config "$configuration" --wait 120s
fi
kubectl config use-context "kind-$name"
docker buildx bake image-local
kind load docker-image --name "$name" kubetail-cluster-agent-deno:dev
bash hack/install.sh
# The tag stays the same, so a running DaemonSet has to be restarted.
kubectl rollout restart --namespace kubetail-system daemonset/kubetail-cluster-agent
kubectl rollout status --namespace kubetail-system daemonset/kubetail-cluster-agent --timeout 600s
