#!/usr/bin/env bash
# Creates throwaway certificates for a cluster on your own machine, valid for 30 days:
#   FOLDER/ca.crt                   the CA
#   FOLDER/tls.{crt,key}            the agent's
#   FOLDER/client.{crt,key}         a caller that the agent admits (CN kubetail-cluster-api)
#   FOLDER/stranger.{crt,key}       a caller that it does not admit (CN stranger)
# usage: certificates.sh FOLDER [NAMESPACE]
set -euo pipefail

folder=${1:?usage: certificates.sh FOLDER [NAMESPACE]}
namespace=${2:-kubetail-system}
service=kubetail-cluster-agent

mkdir -p "$folder"
umask 077

make_key() {
  openssl ecparam -name prime256v1 -genkey -noout -out "$folder/$1.key"
}

# make_certificate NAME COMMON_NAME USAGE ALTERNATIVE_NAMES
make_certificate() {
  make_key "$1"
  openssl req -new -key "$folder/$1.key" -subj "/CN=$2" -out "$folder/$1.csr"
  openssl x509 -req -in "$folder/$1.csr" -CA "$folder/ca.crt" -CAkey "$folder/ca.key" \
    -CAcreateserial -days 30 -out "$folder/$1.crt" -extfile <(
      printf 'basicConstraints=critical,CA:FALSE\nextendedKeyUsage=%s\nsubjectAltName=%s\n' "$3" "$4"
    ) 2>/dev/null
  rm "$folder/$1.csr"
}

make_key ca
openssl req -x509 -new -key "$folder/ca.key" -subj "/CN=kubetail-development" -days 30 \
  -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign" \
  -out "$folder/ca.crt"

names="DNS:localhost,IP:127.0.0.1,DNS:$service"
for suffix in "$namespace" "$namespace.svc" "$namespace.svc.cluster.local"; do
  names+=",DNS:$service.$suffix"
done
make_certificate tls "$service" serverAuth "$names"
make_certificate client kubetail-cluster-api clientAuth DNS:kubetail-cluster-api
make_certificate stranger stranger clientAuth DNS:stranger
rm -f "$folder/ca.srl"
