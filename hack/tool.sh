#!/usr/bin/env bash
# Prints the path of a tool that is written in Go; builds it first where it is not there. The versions
# are pinned here: another one gets a file of its own.
# usage: tool.sh actionlint|buildx|helm|promtool
set -euo pipefail

case ${1:?usage: tool.sh NAME} in
  actionlint) module=github.com/rhysd/actionlint/cmd/actionlint@v1.7.12 ;;
  buildx) module=github.com/docker/buildx/cmd/buildx@v0.38.2 ;;
  helm) module=helm.sh/helm/v3/cmd/helm@v3.22.0 ;;
  promtool) module=github.com/prometheus/prometheus/cmd/promtool@v0.316.0 ;;
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
  GOBIN=$build nice go install -trimpath -ldflags='-s -w' "$module" >&2
  mkdir -p "$folder"
  mv "$build/$1" "$path"
fi
echo "$path"
