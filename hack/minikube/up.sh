#!/usr/bin/env bash
# Creates a local cluster with minikube, the agent and pods that log. Run it again after a change.
# RUNTIME=docker ./up.sh uses Docker as the container runtime.
set -euo pipefail
cd "$(dirname "$0")/../.."

name=kubetail-agent
runtime=${RUNTIME:-containerd}

minikube status --profile "$name" >/dev/null 2>&1 || minikube start --profile "$name" \
  --container-runtime "$runtime" \
  --extra-config kubelet.container-log-max-size=1Mi \
  --extra-config kubelet.container-log-max-files=4
kubectl config use-context "$name"
docker buildx bake image-local
minikube image load --profile "$name" --overwrite=true kubetail-cluster-agent-deno:dev
bash hack/install.sh --set "docker.enabled=$([ "$runtime" = docker ] && echo true || echo false)"
kubectl rollout restart --namespace kubetail-system daemonset/kubetail-cluster-agent
kubectl rollout status --namespace kubetail-system daemonset/kubetail-cluster-agent --timeout 600s
