#!/usr/bin/env bash
# `deno task check:delivery`, also on a machine that has only Node.
set -euo pipefail
cd "$(dirname "$0")/.."

if command -v deno > /dev/null; then
  exec deno task check:delivery
fi
exec npx -y deno@2.9.6 task check:delivery
