#!/usr/bin/env bash
# Prints the path of jemalloc, the memory allocator of the image (docs/decisions/0018-jemalloc.md): the system's, or
# Debian's package, unpacked into the project's cache folder. hack/allocator.ts finds it there.
set -euo pipefail

debian=usr/lib/$(uname -m)-linux-gnu
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kubetail-cluster-agent
for folder in "/$debian" /usr/lib64 /usr/lib "$cache/jemalloc/$debian"; do
  if [ -e "$folder/libjemalloc.so.2" ]; then
    echo "$folder/libjemalloc.so.2"
    exit 0
  fi
done

for tool in apt-get dpkg-deb; do
  command -v "$tool" > /dev/null || {
    echo "jemalloc is not installed, and there is no $tool to fetch it with" >&2
    exit 1
  }
done
mkdir -p "$cache"
part=$(mktemp -d "$cache/jemalloc.part-XXXXXX")
trap 'rm -rf "$part"' EXIT
cd "$part"
# apt's own user could not write here.
download=(apt-get -qq -o APT::Sandbox::User=root download libjemalloc2)
"${download[@]}" >&2 || { apt-get -qq update >&2 && "${download[@]}" >&2; }
dpkg-deb --extract ./*.deb root
mv root "$cache/jemalloc"
echo "$cache/jemalloc/$debian/libjemalloc.so.2"
