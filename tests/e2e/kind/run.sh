#!/usr/bin/env bash
# Tests the agent in a real cluster (hack/kind/up.sh): the same tests as on the node of `deno task test:node`, through
# port-forwards.
set -euo pipefail
cd "$(dirname "$0")/../../.."

exec timeout 1800 deno test --no-check --allow-all tests/e2e/cluster/cluster_test.ts
