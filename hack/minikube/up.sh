#!/usr/bin/env bash
# A local cluster with minikube, the agent and pods that log. Run again after a change.
# RUNTIME=docker ./up.sh has Docker as the container runtime, and its overlay.
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
minikube image load --profile "$name" --overwrite=true kubetail-cluster-agent:dev
bash hack/install.sh
if [ "$runtime" = docker ]; then
  # What overlays/docker-runtime adds, on top of the development overlay.
  kubectl patch daemonset kubetail-cluster-agent --namespace kubetail-system --type strategic --patch '
    spec:
      template:
        spec:
          volumes:
            - name: docker
              hostPath: { path: /var/lib/docker/containers, type: Directory }
          containers:
            - name: kubetail-cluster-agent
              volumeMounts:
                - { name: docker, mountPath: /var/lib/docker/containers, readOnly: true }'
fi
kubectl rollout restart --namespace kubetail-system daemonset/kubetail-cluster-agent
kubectl rollout status --namespace kubetail-system daemonset/kubetail-cluster-agent --timeout 180s
