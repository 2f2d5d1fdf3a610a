#!/usr/bin/env bash
# Puts throwaway certificates (kept in .dev/certificates, renewed a day before they end) into the
# cluster of the current context, as the Secret that the agent mounts.
set -euo pipefail
cd "$(dirname "$0")/.."

certificates=.dev/certificates
namespace=kubetail-system

if [ ! -f "$certificates/tls.crt" ] || ! openssl x509 -checkend 86400 -noout -in "$certificates/tls.crt" >/dev/null; then
  bash hack/certificates.sh "$certificates" "$namespace"
fi

kubectl apply --server-side --filename hack/manifests/namespace.yaml
kubectl create secret generic kubetail-cluster-agent-tls --namespace "$namespace" \
  --from-file=tls.crt="$certificates/tls.crt" \
  --from-file=tls.key="$certificates/tls.key" \
  --from-file=ca.crt="$certificates/ca.crt" \
  --dry-run=client --output yaml | kubectl apply --server-side --filename -
