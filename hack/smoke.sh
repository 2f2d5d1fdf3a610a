#!/usr/bin/env bash
# Tests two freshly compiled binaries on this machine: those parts of a binary that running from source cannot test
# (built-in permissions, embedded worker and WebAssembly). Run it as root on a machine that may be modified, such as a
# CI runner: it writes logs to /var/log, where the binary may read, and removes them.
# usage: smoke.sh AGENT TOOLS
set -euo pipefail

agent=$(realpath "${1:?usage: smoke.sh AGENT TOOLS}")
tools=$(realpath "${2:?usage: smoke.sh AGENT TOOLS}")

id=$(printf 'a%.0s' $(seq 64))
pod_folder=/var/log/pods/smoke_pod_0b5b3c5e-0001-4000-8000-000000000001
link=/var/log/containers/pod_smoke_main-$id.log
config_folder=/etc/kubetail
config=$config_folder/smoke.yaml
address=127.0.0.1:${SMOKE_PORT:-50951}
telemetry=127.0.0.1:${SMOKE_TELEMETRY_PORT:-9951}
pid=

clean_up() {
  if [ -n "$pid" ]; then kill -KILL "$pid" 2>/dev/null || true; fi
  rm -rf "$pod_folder" "$link" "$config"
  rmdir --ignore-fail-on-non-empty "$config_folder" /var/log/pods /var/log/containers 2>/dev/null || true
}
trap clean_up EXIT

fail() {
  echo "FAILED: $1" >&2
  exit 1
}

step() {
  echo "-- $1"
}

mkdir -p "$pod_folder/main" /var/log/containers "$config_folder"
# 200,000 lines: more than is scanned in place, so the workers have to work.
awk 'BEGIN {
  for (i = 1; i <= 200000; i++)
    printf "2026-01-01T%02d:%02d:%02d.%09dZ stdout F line %d %s\n",
      int(i / 36000), int(i / 600) % 60, int(i / 10) % 60, i, i, i % 1000 ? "quiet" : "Needle"
}' > "$pod_folder/main/0.log"
ln -s "$pod_folder/main/0.log" "$link"
cat > "$config" <<YAML
addr: $address
tls: { enabled: false }
authorization: { methods: [allow-all] }
telemetry: { addr: "$telemetry" }
YAML

step "versions"
version=$("$agent" --version)
[ "$version" = "$("$tools" --version)" ] || fail "the two programs have different versions"
echo "$version"

step "config check"
"$agent" config check --config "$config" > /dev/null

step "a log folder outside the built-in permissions: exit 2, naming it"
code=0
refusal=$("$agent" serve --config "$config" --param container-logs-dir:/srv/logs 2>&1) || code=$?
[ "$code" = 2 ] || fail "exit code $code: $refusal"
case $refusal in
  */srv/logs*/var/log/pods*) ;;
  *) fail "it says: $refusal" ;;
esac

step "serve and healthcheck"
"$agent" serve --config "$config" &
pid=$!
for _ in $(seq 600); do
  if "$agent" healthcheck --config "$config" 2>/dev/null; then break; fi
  kill -0 "$pid" || fail "the agent has ended"
  sleep 0.1
done
"$agent" healthcheck --config "$config" || fail "the agent is not healthy"

step "list"
"$tools" client list smoke --addr "$address" --insecure-plaintext --output json | grep --quiet "\"id\":\"$id\"" ||
  fail "the log is not listed"

step "read the whole log"
lines=$("$tools" client forward smoke/pod/main --addr "$address" --insecure-plaintext | wc -l)
[ "$lines" = 200000 ] || fail "$lines lines instead of 200000"

step "search it (worker, WebAssembly)"
hits=$("$tools" client forward smoke/pod/main --grep '(?i)needle$' --addr "$address" --insecure-plaintext | wc -l)
[ "$hits" = 200 ] || fail "$hits hits instead of 200"

step "metrics"
case $(curl --silent --fail "http://$telemetry/metrics") in
  *kubetail_agent_records_total*) ;;
  *) fail "no metrics" ;;
esac

step "SIGTERM ends it with exit code 0"
kill -TERM "$pid"
code=0
wait "$pid" || code=$?
pid=
[ "$code" = 0 ] || fail "exit code $code"

step "grep without an agent"
hits=$("$tools" grep '(?i)needle$' "$pod_folder/main/0.log" | wc -l)
[ "$hits" = 200 ] || fail "$hits hits instead of 200"

step "demo"
"$tools" demo > /dev/null || fail "the demo ends with $?"

echo "ok"
