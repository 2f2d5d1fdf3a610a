#!/usr/bin/env bash
# Prints the path of a tool written in Go; builds it first if it does not exist. The versions are pinned here: another
# version gets its own file.
# usage: tool.sh actionlint|buildx|helm|promtool
# TOOL_BUILD_SECONDS: how long a build may take; an interrupted build continues the next time (Go keeps the finished
# packages)
set -euo pipefail

tags=

case ${1:?usage: tool.sh NAME} in
  actionlint) module=github.com/rhysd/actionlint/cmd/actionlint@v1.7.12 ;;
  buildx) module=github.com/docker/buildx/cmd/buildx@v0.38.2 ;;
  helm) module=helm.sh/helm/v3/cmd/helm@v3.22.0 ;;
  promtool)
    module=github.com/prometheus/prometheus/cmd/promtool@v0.316.0
    tags=remove_all_sd # without the clients of all clouds, which rules do not need
    ;;
  *)
    echo "no such tool: $1" >&2
    exit 2
    ;;
esac

folder=${XDG_CACHE_HOME:-$HOME/.cache}/kubetail-cluster-agent/tools
path=$folder/$1-${module##*@}
if [ ! -x "$path" ]; then
  command -v go > /dev/null || {
    echo "$1 is not in $folder, and there is no Go to build it with" >&2
    exit 1
  }
  echo "building $module (once)" >&2
  build=$(mktemp -d)
  trap 'rm -rf "$build"' EXIT
  GOBIN=$build timeout "${TOOL_BUILD_SECONDS:-0}" nice go install -trimpath -ldflags='-s -w' -tags "$tags" "$module" >&2 || {
    echo "$1 cannot be built here, or not within ${TOOL_BUILD_SECONDS:-} s" >&2
    exit 1
  }
  mkdir -p "$folder"
  mv "$build/$1" "$path"
fi
echo "$path"
