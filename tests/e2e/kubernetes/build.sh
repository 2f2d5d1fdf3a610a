#!/usr/bin/env bash
# Builds Kubernetes in a folder outside the checkout, for the tests against a real API server and on a real node:
#
#   build.sh api-server|node [FOLDER]
#
# FOLDER: default ~/.cache/kubetail-cluster-agent/kubernetes-1.34. One executable is built from Go modules (5 to 10
# minutes on two cores, once; seconds where Go's cache has it), with a link for each component. etcd, and for a node
# containerd, runc and the network plugins, are the system's own or come from Debian packages.
# Exit code 2: unavailable on this machine; the last line on standard error is the reason.
set -euo pipefail
sources=$(cd "$(dirname "$0")" && pwd)
wanted=${1:?usage: build.sh api-server|node [FOLDER]}
folder=${2:-${XDG_CACHE_HOME:-$HOME/.cache}/kubetail-cluster-agent/kubernetes-1.34}

impossible() {
  echo "$1" >&2
  exit 2
}

# The command for which a Debian package is needed, and the package.
packages=(etcd=etcd-server)
if [ "$wanted" = node ]; then
  packages+=(containerd=containerd runc=runc iptables=iptables conntrack=conntrack ip=iproute2
    openssl=openssl busybox=busybox-static /usr/lib/cni/bridge=containernetworking-plugins)
fi

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
# One build at a time: test runs of several checkouts share the folder.
exec 9> "$folder/.lock"
flock 9

missing=()
for pair in "${packages[@]}"; do
  command -v "${pair%%=*}" > /dev/null || missing+=("${pair#*=}")
done
# The small parts first: without them, the long build would be useless.
if [ "${#missing[@]}" -gt 0 ]; then
  command -v apt-get > /dev/null || impossible "not installed, and there is no apt-get: ${missing[*]}"
  [ "$(id -u)" = 0 ] || impossible "not installed, and only root can install packages: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get install -y -qq "${missing[@]}" > /dev/null 2>&1 9>&- ||
    { apt-get update -qq && apt-get install -y -qq "${missing[@]}"; } > /dev/null 2>&1 9>&- ||
    impossible "the packages cannot be installed: ${missing[*]}"
fi

# Rebuilt when its sources change.
version=$(cat "$sources"/main.go "$sources"/go.mod "$sources"/go.sum | sha256sum | cut -c1-16)
if [ ! -x "$folder/kube" ] || [ "$(cat "$folder/.version" 2> /dev/null)" != "$version" ]; then
  command -v go > /dev/null || impossible "there is no Go to build Kubernetes with"
  echo "building Kubernetes 1.34 (once; minutes)" >&2
  # Under another name until it is complete: an interrupted build leaves nothing that looks finished.
  part="$folder/.kube.$$"
  trap 'rm -f "$part"' EXIT
  flags="-s -w"
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    flags+=" -X $package.gitVersion=v1.34.4 -X $package.gitMajor=1 -X $package.gitMinor=34"
  done
  (cd "$sources" && nice go build -trimpath -ldflags="$flags" -o "$part" . 9>&-) ||
    impossible "Kubernetes does not build here"
  mv "$part" "$folder/kube"
  echo "$version" > "$folder/.version"
fi

for component in kube-apiserver kube-controller-manager kube-proxy kube-scheduler kubectl kubelet; do
  ln -sf kube "$folder/$component"
done
ln -sf "$(command -v etcd)" "$folder/etcd"
echo "$folder"
