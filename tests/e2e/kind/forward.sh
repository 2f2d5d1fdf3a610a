# shellcheck shell=bash
# For the scripts here: forwards local ports to the agent of a node, until the script ends.

namespace=kubetail-system
forward_pid=

# node_agent NODE: the name of the agent's pod there
node_agent() {
  kubectl get pods --namespace "$namespace" --selector app.kubernetes.io/component=cluster-agent \
    --field-selector "spec.nodeName=$1,status.phase=Running" --output jsonpath='{.items[0].metadata.name}'
}

# forward POD: gRPC at 127.0.0.1:50061, returns when the port accepts connections
forward() {
  kubectl port-forward --namespace "$namespace" "pod/$1" 50061:50051 > /dev/null &
  forward_pid=$!
  for _ in $(seq 600); do
    if (: < /dev/tcp/127.0.0.1/50061) 2>/dev/null; then return; fi
    sleep 0.1
  done
  fail "no port-forward to $1"
}

stop_forward() {
  if [ -n "$forward_pid" ]; then
    kill "$forward_pid" 2>/dev/null || true
    wait "$forward_pid" 2>/dev/null || true
    forward_pid=
  fi
}

fail() {
  echo "FAILED: $1" >&2
  exit 1
}

step() {
  echo "-- $1"
}
