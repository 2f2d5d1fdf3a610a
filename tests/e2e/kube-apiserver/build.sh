#!/usr/bin/env bash
# Puts etcd and kube-apiserver into a folder, as the end-to-end tests want them (the layout of Kubernetes' envtest).
#
#   build.sh [FOLDER]     default: $KUBEBUILDER_ASSETS, else ~/.cache/kubetail-cluster-agent/kubebuilder-1.34
#
# kube-apiserver is built from its Go modules: some 4 minutes the first time, nothing when it is there. etcd is the
# system's own, or comes from the Debian package etcd-server. Exit code 2: cannot be had here; the reason is printed.
set -euo pipefail
sources=$(cd "$(dirname "$0")" && pwd)
folder=${1:-${KUBEBUILDER_ASSETS:-${XDG_CACHE_HOME:-$HOME/.cache}/kubetail-cluster-agent/kubebuilder-1.34}}

impossible() {
  echo "No API server for the end-to-end tests: $1" >&2
  exit 2
}

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

# The small thing first: without it the long build would be for nothing.
if [ ! -x "$folder/etcd" ]; then
  if ! command -v etcd >/dev/null; then
    command -v apt-get >/dev/null || impossible "no etcd, and no apt-get to install it"
    [ "$(id -u)" = 0 ] || impossible "no etcd, and only root can install the package etcd-server"
    { apt-get update -qq && apt-get install -y -qq etcd-server; } >/dev/null ||
      impossible "no etcd, and the package etcd-server cannot be installed"
  fi
  ln -sf "$(command -v etcd)" "$folder/etcd"
fi

if [ ! -x "$folder/kube-apiserver" ]; then
  command -v go >/dev/null || impossible "no kube-apiserver, and no Go to build it"
  # Under another name until it is whole: an interrupted build leaves nothing that looks done.
  part="$folder/.kube-apiserver.$$"
  trap 'rm -f "$part"' EXIT
  (cd "$sources" && go build -trimpath -ldflags='-s -w' -o "$part" .) ||
    impossible "kube-apiserver does not build"
  mv "$part" "$folder/kube-apiserver"
fi

echo "KUBEBUILDER_ASSETS=$folder"
