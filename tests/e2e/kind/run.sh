#!/usr/bin/env bash
# The agent in a real cluster (hack/kind/up.sh), by grpcurl and by our own client: who may read what,
# following through rotation, and a pod that is deleted while it is followed.
set -euo pipefail
cd "$(dirname "$0")/../../.."
# shellcheck source=tests/e2e/kind/forward.sh
. tests/e2e/kind/forward.sh

certificates=.dev/certificates
work=$(mktemp -d)
clean_up() {
  stop_forward
  kubectl delete namespace agent-e2e --ignore-not-found --wait=false > /dev/null
  rm -rf "$work"
}
trap clean_up EXIT

user=system:serviceaccount:agent-e2e
secure=(--ca "$certificates/ca.crt" --cert "$certificates/client.crt" --key "$certificates/client.key")

agent_client() {
  deno task --quiet client "$@" --addr localhost:50061 "${secure[@]}"
}

call() {
  grpcurl -cacert "$certificates/ca.crt" -cert "$certificates/client.crt" -key "$certificates/client.key" \
    "${@:2}" localhost:50061 "$1"
}

step "pods that log"
kubectl delete namespace agent-e2e --ignore-not-found
kubectl apply --server-side --filename tests/e2e/kind/pods.yaml
kubectl wait --namespace agent-e2e --for=condition=Ready pod/counter --timeout 120s
node=$(kubectl get pod counter --namespace agent-e2e --output jsonpath='{.spec.nodeName}')
forward "$(node_agent "$node")"

step "reflection and health need no identity"
call list | grep --quiet cluster_agent.LogRecordsService || fail "reflection"
call grpc.health.v1.Health/Check | grep --quiet SERVING || fail "health"

step "who may read sees the log"
call cluster_agent.LogMetadataService/List -d '{"namespaces":["agent-e2e"]}' \
  -H "x-remote-user: $user:reader" > "$work/list"
grep --quiet '"counter"' "$work/list" || fail "the log is not listed: $(cat "$work/list")"

step "who may not is refused"
if call cluster_agent.LogMetadataService/List -d '{"namespaces":["agent-e2e"]}' \
  -H "x-remote-user: $user:stranger" > "$work/list" 2>&1; then fail "a stranger was let in"; fi
grep --quiet PermissionDenied "$work/list" || fail "refused otherwise: $(cat "$work/list")"

step "a certificate with another name is refused"
if grpcurl -cacert "$certificates/ca.crt" -cert "$certificates/stranger.crt" -key "$certificates/stranger.key" \
  -d '{}' -H "x-remote-user: $user:reader" localhost:50061 cluster_agent.LogMetadataService/List \
  > "$work/list" 2>&1; then fail "a strange certificate was let in"; fi
grep --quiet PermissionDenied "$work/list" || fail "refused otherwise: $(cat "$work/list")"

step "a token works as well"
token=$(kubectl create token reader --namespace agent-e2e)
agent_client list agent-e2e --token "$token" | grep --quiet counter || fail "the token's owner sees nothing"

step "follow from the first line on, through rotations, until the pod is deleted"
agent_client forward agent-e2e/counter/counter --follow --user "$user:reader" > "$work/followed" &
follow_pid=$!
folder="/var/log/pods/agent-e2e_counter_$(kubectl get pod counter --namespace agent-e2e --output jsonpath='{.metadata.uid}')/counter"
for _ in $(seq 120); do
  rotated=$(docker exec "$node" sh -c "ls $folder" | grep --count '^0\.log\.' || true)
  if [ "$rotated" -ge 2 ]; then break; fi
  sleep 1
done
[ "$rotated" -ge 2 ] || fail "the kubelet has not rotated twice"
kubectl delete pod counter --namespace agent-e2e --wait=true
code=0
wait "$follow_pid" || code=$?
[ "$code" = 0 ] || fail "the follow ended with $code"

step "every line once and in order"
awk '{ for (i = 1; i <= NF; i++) if ($i == "count") { if ($(i + 1) != ++n) { print "after " n - 1 " comes " $(i + 1); exit 1 } } }
  END { print n " lines"; exit n < 10000 }' "$work/followed" || fail "lines are missing, doubled or too few"

echo "ok"
