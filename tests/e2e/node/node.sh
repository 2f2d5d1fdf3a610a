#!/usr/bin/env bash
# Brings a Kubernetes cluster of one node up on this machine, runs a command in it, and takes it down:
#
#   node.sh KUBERNETES IMAGES COMMAND [ARGUMENT...]
#
# KUBERNETES is the folder that tests/e2e/kubernetes/build.sh fills, IMAGES a folder with image archives. The command
# finds kubectl on its PATH and an administrator's KUBECONFIG; pods can be reached at their addresses. Everything runs
# in separate mount, network and process namespaces: nothing listens outside of them, nothing written remains, and all
# processes end with this one. Needs root. One node at a time per machine, because the kubelet's control groups have
# fixed names; a second one waits for the first. Exit code 2: not possible on this machine; 75: the node did not start;
# otherwise the command's exit code.
set -euo pipefail

if [ -z "${INSIDE_NODE:-}" ]; then
  kubernetes=$(realpath "$1")
  images=$(realpath "$2")
  shift 2
  self=$(realpath "$0")
  exec 8> "$kubernetes/.node.lock"
  flock 8
  if grep --quiet --no-messages kubepods /proc/[0-9]*/cgroup; then
    echo "another kubelet runs pods on this machine" >&2
    exit 2
  fi
  work=$(mktemp -d /tmp/node.XXXXXX)
  # A signal ends this shell at once; the processes that it waits for must not continue without its files.
  trap 'pkill -KILL -P $$ || true; rm -rf "$work" 2> /dev/null || { sleep 2; rm -rf "$work"; }' EXIT
  mkdir "$work"/{log,run,kubelet,containerd,etcd,cni,pki,out}
  code=0
  INSIDE_NODE=1 KUBERNETES=$kubernetes IMAGE_ARCHIVES=$images NODE=$work PATH="$kubernetes:$PATH" \
    setpriv --pdeathsig KILL unshare --mount --net --pid --fork --kill-child=SIGKILL --mount-proc --propagation private "$self" "$@" 8>&- || code=$?
  # Created by the kubelet outside the namespaces.
  find /sys/fs/cgroup -depth -type d -path '*/kubepods*' -exec rmdir {} \; 2> /dev/null || true
  exit "$code"
fi

address=10.77.0.2
service_network=10.96.0.0/16
pod_network=10.244.0.0/24
api=https://$address:6443

# start NAME COMMAND...: in the background, its output in out/NAME.log
start() {
  local name=$1
  shift
  "$@" > "$NODE/out/$name.log" 2>&1 < /dev/null &
  echo "$!" > "$NODE/out/$name.pid"
}

# until_true SECONDS WHAT COMMAND...: polls, because there is no event; shows the logs if it never becomes true
until_true() {
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" > /dev/null 2>&1; do
    if [ "$SECONDS" -ge "$end" ]; then
      echo "The node does not come up: $what" >&2
      tail -n 8 "$NODE"/out/*.log >&2
      exit 75 # EX_TEMPFAIL: a problem of the machine, not a test failure
    fi
    sleep 0.2
  done
}

# The folders that the kubelet, containerd and the agent expect at fixed paths.
mount --make-rshared /
mount --bind "$NODE/run" /run
mkdir -p /run/lock /run/netns /var/lib/kubelet /var/lib/containerd
mount --bind "$NODE/kubelet" /var/lib/kubelet
mount --bind "$NODE/containerd" /var/lib/containerd
mount --bind "$NODE/log" /var/log
mkdir /var/log/pods /var/log/containers

# A bridge serves as the network card: other kinds of virtual devices need kernel modules.
ip link set lo up
ip link add eth0 type bridge
ip address add "$address/24" dev eth0
ip link set eth0 up
ip route add default dev eth0
for setting in net.ipv4.ip_forward net.ipv4.conf.all.route_localnet net.bridge.bridge-nf-call-iptables; do
  sysctl -qw "$setting=1" 2> /dev/null || true
done

cd "$NODE/pki"
# authority NAME
authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" \
    -addext basicConstraints=critical,CA:TRUE -keyout "$1.key" -out "$1.crt" 2> /dev/null
}
# certificate NAME AUTHORITY SUBJECT [ALTERNATIVE_NAMES]
certificate() {
  {
    echo "extendedKeyUsage=serverAuth,clientAuth"
    if [ -n "${4:-}" ]; then echo "subjectAltName=$4"; fi
  } > "$1.extensions"
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$3" -keyout "$1.key" -out "$1.csr" 2> /dev/null
  openssl x509 -req -in "$1.csr" -CA "$2.crt" -CAkey "$2.key" -CAcreateserial -days 2 \
    -extfile "$1.extensions" -out "$1.crt" 2> /dev/null
}
# kubeconfig NAME: for the certificate of that name
kubeconfig() {
  cat > "$1.kubeconfig" << YAML
apiVersion: v1
kind: Config
current-context: node
contexts: [{ name: node, context: { cluster: node, user: $1 } }]
clusters: [{ name: node, cluster: { server: "$api", certificate-authority: "$NODE/pki/cluster.crt" } }]
users: [{ name: $1, user: { client-certificate: "$NODE/pki/$1.crt", client-key: "$NODE/pki/$1.key" } }]
YAML
}
authority cluster
openssl genrsa -out accounts.key 2048 2> /dev/null
certificate apiserver cluster /CN=kube-apiserver \
  "DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,IP:10.96.0.1,IP:$address,IP:127.0.0.1"
certificate kubelet-client cluster /O=system:masters/CN=kube-apiserver-kubelet-client
certificate administrator cluster /O=system:masters/CN=administrator
certificate kubelet cluster /O=system:nodes/CN=system:node:node-1
kubeconfig administrator
kubeconfig kubelet
export KUBECONFIG=$NODE/pki/administrator.kubeconfig

start etcd etcd --data-dir "$NODE/etcd" --unsafe-no-fsync --listen-client-urls http://127.0.0.1:2379 \
  --advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380
start kube-apiserver kube-apiserver --etcd-servers=http://127.0.0.1:2379 --secure-port=6443 --advertise-address="$address" \
  --tls-cert-file=apiserver.crt --tls-private-key-file=apiserver.key --client-ca-file=cluster.crt \
  --kubelet-client-certificate=kubelet-client.crt --kubelet-client-key=kubelet-client.key \
  --kubelet-preferred-address-types=InternalIP --authorization-mode=Node,RBAC --allow-privileged \
  --service-cluster-ip-range="$service_network" --service-account-issuer=https://kubernetes.default.svc \
  --service-account-key-file=accounts.key --service-account-signing-key-file=accounts.key

mkdir "$NODE/cni/plugins"
cat > "$NODE/cni/plugins/10-pods.conflist" << JSON
{
  "cniVersion": "1.0.0",
  "name": "pods",
  "plugins": [
    {
      "type": "bridge",
      "bridge": "pods0",
      "isGateway": true,
      "hairpinMode": true,
      "ipam": {
        "type": "host-local",
        "dataDir": "$NODE/cni/addresses",
        "ranges": [[{ "subnet": "$pod_network" }]],
        "routes": [{ "dst": "0.0.0.0/0" }]
      }
    },
    { "type": "portmap", "capabilities": { "portMappings": true } }
  ]
}
JSON
# restrict_oom_score_adj: root in a container may lack the capability to lower it.
cat > "$NODE/containerd.toml" << TOML
version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "docker.io/local/pause:1"
  restrict_oom_score_adj = true
  max_concurrent_downloads = 1
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$NODE/cni/plugins"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
TOML
start containerd containerd --config "$NODE/containerd.toml"
until_true 300 "containerd does not answer" ctr version
for archive in "$IMAGE_ARCHIVES"/*.tar; do
  ctr --namespace k8s.io images import --no-unpack "$archive" > "$NODE/out/import.log" 2>&1 ||
    { cat "$NODE/out/import.log" >&2 && exit 1; }
done
until_true 300 "kube-apiserver is not ready" kubectl get --raw /readyz

start kube-controller-manager kube-controller-manager --kubeconfig administrator.kubeconfig --leader-elect=false \
  --service-account-private-key-file=accounts.key --root-ca-file=cluster.crt \
  --cluster-signing-cert-file=cluster.crt --cluster-signing-key-file=cluster.key
start kube-scheduler kube-scheduler --kubeconfig administrator.kubeconfig --leader-elect=false
# Rotation is checked every 3 s, at 1 MiB; a container restarts after 1 s however often it has ended; more pods than
# usual, for many short-lived ones.
cat > kubelet.yaml << YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous: { enabled: false }
  webhook: { enabled: true }
  x509: { clientCAFile: "$NODE/pki/cluster.crt" }
authorization: { mode: Webhook }
cgroupDriver: cgroupfs
failCgroupV1: false
failSwapOn: false
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
containerLogMaxSize: 1Mi
containerLogMaxFiles: 5
containerLogMonitorInterval: 3s
featureGates: { KubeletCrashLoopBackOffMax: true }
crashLoopBackOff: { maxContainerRestartPeriod: 1s }
maxPods: 200
registryPullQPS: 0
eventRecordQPS: 0
kubeAPIQPS: 200
kubeAPIBurst: 400
resolvConf: ""
localStorageCapacityIsolation: false
evictionHard: { memory.available: 50Mi, nodefs.available: 1%, nodefs.inodesFree: 1%, imagefs.available: 1% }
YAML
start kubelet kubelet --config kubelet.yaml --kubeconfig kubelet.kubeconfig --hostname-override node-1 --node-ip "$address"
start kube-proxy kube-proxy --kubeconfig administrator.kubeconfig --hostname-override node-1 --proxy-mode iptables \
  --cluster-cidr "$pod_network" --conntrack-max-per-core 0 --conntrack-tcp-timeout-established 0 \
  --conntrack-tcp-timeout-close-wait 0
until_true 300 "node-1 is not registered" kubectl get node node-1
kubectl wait --for=condition=Ready node/node-1 --timeout=600s > /dev/null ||
  until_true 0 "node-1 is not ready" false
until_true 300 "there is no service account yet" kubectl get serviceaccount default

cd /
code=0
"$@" || code=$?
if [ "$code" != 0 ]; then
  echo "-- what the node says" >&2
  kubectl get pods --all-namespaces --output wide >&2 || true
  kubectl get events --all-namespaces --sort-by=.lastTimestamp 2> /dev/null | tail -20 >&2 || true
fi
exit "$code"
