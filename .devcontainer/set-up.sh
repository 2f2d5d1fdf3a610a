#!/usr/bin/env bash
# Installs what the container's features do not provide: Deno, kind, grpcurl, Tilt, shellcheck.
set -euo pipefail
cd "$(dirname "$0")/.."

npm install --global deno@2.9.6
apt-get update
apt-get install --yes --no-install-recommends openssl shellcheck
export GOBIN=/usr/local/bin
go install sigs.k8s.io/kind@v0.33.0
go install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4
# Pinned to the commit of v0.37.6: the script names the version that it installs, 0.37.5.
curl -fsSL https://raw.githubusercontent.com/tilt-dev/tilt/76a6dd7d311178fe864baa22ce63a2f053764efc/scripts/install.sh | bash
deno install --frozen
