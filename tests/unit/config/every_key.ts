/** A configuration with every key, in each language. */
export const everything = {
  yaml: `
# every key of the contract
addr: "[::1]:50052"
container-logs-dir: /logs/containers
log-roots: [/logs/containers, /logs/pods]
allowed-namespaces: [team-a, team-b]
history: true
max-line-bytes: 512KiB
shutdown-timeout: 1m30s
missing-file-wait: 500ms
logging: { enabled: true, level: debug, format: pretty }
tls:
  enabled: true
  cert-file: /certs/tls.crt
  key-file: /certs/tls.key
  ca-file: /certs/ca.crt
  client-auth: require-and-verify
  allowed-names: [one, two]
authorization:
  methods: [front-proxy]
  cache-ttl: 1m
  recheck-interval: 1h
limits:
  max-streams: 10
  max-streams-per-user: 5
  searches-per-user: 4
  buffer-bytes: 16MiB
  engine-memory: 64MiB
  scan-workers: 2
  max-connections: 11
  max-connections-per-peer: 12
  max-handshakes: 13
  handshake-timeout: 3s
  max-header-bytes: 4KiB
  header-memory: 2MiB
  max-request-bytes: 2KiB
  request-memory: 3MiB
  request-timeout: 4s
  max-unary-calls: 14
  max-unary-calls-per-user: 15
  max-public-calls: 16
  max-public-calls-per-connection: 17
  max-unknown-callers: 18
watch: { debounce: 1s }
telemetry: { addr: "", metrics: false, status-page: always }
`,
  json: JSON.stringify({
    $schema: "config.schema.json",
    addr: "[::1]:50052",
    "container-logs-dir": "/logs/containers",
    "log-roots": ["/logs/containers", "/logs/pods"],
    "allowed-namespaces": ["team-a", "team-b"],
    history: true,
    "max-line-bytes": 524288,
    "shutdown-timeout": "90s",
    "missing-file-wait": "0.5s",
    logging: { enabled: true, level: "debug", format: "pretty" },
    tls: {
      enabled: true,
      "cert-file": "/certs/tls.crt",
      "key-file": "/certs/tls.key",
      "ca-file": "/certs/ca.crt",
      "client-auth": "require-and-verify",
      "allowed-names": ["one", "two"],
    },
    authorization: { methods: ["front-proxy"], "cache-ttl": "60s", "recheck-interval": "60m" },
    limits: {
      "max-streams": 10,
      "max-streams-per-user": 5,
      "searches-per-user": 4,
      "buffer-bytes": "16MiB",
      "engine-memory": "64MiB",
      "scan-workers": 2,
      "max-connections": 11,
      "max-connections-per-peer": 12,
      "max-handshakes": 13,
      "handshake-timeout": "3s",
      "max-header-bytes": "4KiB",
      "header-memory": "2MiB",
      "max-request-bytes": "2KiB",
      "request-memory": "3MiB",
      "request-timeout": "4s",
      "max-unary-calls": 14,
      "max-unary-calls-per-user": 15,
      "max-public-calls": 16,
      "max-public-calls-per-connection": 17,
      "max-unknown-callers": 18,
    },
    watch: { debounce: "1s" },
    telemetry: { addr: "", metrics: false, "status-page": "always" },
  }),
  toml: `
addr = "[::1]:50052"
container-logs-dir = "/logs/containers"
log-roots = ["/logs/containers", "/logs/pods"]
allowed-namespaces = ["team-a", "team-b"]
history = true
max-line-bytes = 524_288
shutdown-timeout = "90s"
missing-file-wait = "500ms"
[logging]
enabled = true
level = "debug"
format = "pretty"
[tls]
enabled = true
cert-file = "/certs/tls.crt"
key-file = "/certs/tls.key"
ca-file = "/certs/ca.crt"
client-auth = "require-and-verify"
allowed-names = ["one", "two"]
[authorization]
methods = ["front-proxy"]
cache-ttl = "60s"
recheck-interval = "1h"
[limits]
max-streams = 10
max-streams-per-user = 5
searches-per-user = 4
buffer-bytes = "16MiB"
engine-memory = "64MiB"
scan-workers = 2
max-connections = 11
max-connections-per-peer = 12
max-handshakes = 13
handshake-timeout = "3s"
max-header-bytes = "4KiB"
header-memory = "2MiB"
max-request-bytes = "2KiB"
request-memory = "3MiB"
request-timeout = "4s"
max-unary-calls = 14
max-unary-calls-per-user = 15
max-public-calls = 16
max-public-calls-per-connection = 17
max-unknown-callers = 18
[watch]
debounce = "1s"
[telemetry]
addr = ""
metrics = false
status-page = "always"
`,
};
