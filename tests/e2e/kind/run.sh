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

step "follow, through rotations, until the pod is deleted"
agent_client forward agent-e2e/counter/counter --follow --user "$user:reader" > "$work/followed" &
follow_pid=$!
for _ in $(seq 300); do
  if [ -s "$work/followed" ]; then break; fi
  kill -0 "$follow_pid" 2>/dev/null || fail "the follow has ended already"
  sleep 0.1
done
[ -s "$work/followed" ] || fail "the follow brings nothing"
folder="/var/log/pods/agent-e2e_counter_$(kubectl get pod counter --namespace agent-e2e --output jsonpath='{.metadata.uid}')/counter"
# The newest rotated file tells of a rotation; how many are kept is the kubelet's affair.
newest_rotated() {
  docker exec "$node" sh -c "ls $folder" | grep '^0\.log\.' | tail -1 || true
}
rotations=0
last=$(newest_rotated)
for _ in $(seq 240); do
  now=$(newest_rotated)
  if [ "$now" != "$last" ]; then
    rotations=$((rotations + 1))
    last=$now
  fi
  if [ "$rotations" -ge 2 ]; then break; fi
  sleep 0.5
done
[ "$rotations" -ge 2 ] || fail "the kubelet has not rotated twice"
kubectl delete pod counter --namespace agent-e2e --wait=true
code=0
wait "$follow_pid" || code=$?
[ "$code" = 0 ] || fail "the follow ended with $code"

step "every line once and in order, from the first that the file held"
awk '{ for (i = 1; i < NF; i++) if ($i == "count") { if (n != "" && $(i + 1) != n + 1) { print "after " n " comes " $(i + 1); exit bad = 1 } n = $(i + 1); lines++ } }
  END { print lines + 0 " lines, the last " n; exit bad || lines < 10000 }' "$work/followed" || fail "lines are missing, doubled or too few"

echo "ok"
