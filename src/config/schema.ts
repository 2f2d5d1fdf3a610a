import {
  type Field,
  field,
  type Fields,
  isSection,
  propertyName,
  type Section,
  section,
} from "./field.ts";
import { flag } from "./flag_type.ts";
import { list } from "./list_type.ts";
import { count, countOrAuto, duration, size } from "./number_types.ts";
import { address, choice, folder, namespace, optionalFile, word } from "./text_types.ts";

/** The client's receive limit is 4 MiB per message; the rest of a record needs less than 64 bytes. */
const GREATEST_LINE = 4 * 1024 * 1024 - 64;

/** All keys of the configuration, as defined by the contract. */
export const schema = {
  addr: field(
    address({ optional: false }),
    ":50051",
    "The address of the gRPC port. An empty host means every address, IPv6 and IPv4.",
  ),
  "container-logs-dir": field(
    folder,
    "/var/log/containers",
    "The folder of the node's log links, `{pod}_{namespace}_{container}-{id}.log`.",
  ),
  "log-roots": field(
    list(folder),
    [],
    "The folders that may contain log files, after links are resolved. A file's path must name its container: by a " +
      "pod's folder below one named `pods`, by Docker's, or by its own name as in `container-logs-dir`. Empty: the tree of `container-logs-dir`, " +
      "`/var/log/pods` and `/var/lib/docker/containers`.",
  ),
  "allowed-namespaces": field(
    list(namespace),
    [],
    "The only namespaces whose logs are served, regardless of access reviews. Empty: all namespaces.",
  ),
  history: field(
    flag,
    false,
    "Reads that do not follow start at the oldest rotated file (`.gz` included) instead of the " +
      "current file.",
  ),
  "max-line-bytes": field(
    size({ min: 16, max: GREATEST_LINE }),
    "2MiB",
    "A longer line is split into records of at most this size. Clients accept messages of 4 MiB.",
  ),
  "shutdown-timeout": field(
    duration({ min: "0s", max: "1h" }),
    "30s",
    "How long running reads have to finish after SIGTERM or SIGINT.",
  ),
  "missing-file-wait": field(
    duration({ min: "0s", max: "10m" }),
    "10s",
    "How long a follow waits for a log that does not exist yet.",
  ),
  logging: section("The agent's own log, on standard output.", false, {
    enabled: field(flag, true, "Whether the agent logs."),
    level: field(
      choice(["debug", "info", "warn", "error", "disabled"]),
      "info",
      "The lowest level that is logged. `info` has one line for each call.",
    ),
    format: field(
      choice(["json", "pretty", "text"]),
      "json",
      "`json`: one object per line. `pretty`: for people, in color on a terminal. `text`: `key=value`.",
    ),
  }),
  tls: section("Certificates. Changed files are reloaded without a restart.", true, {
    enabled: field(flag, true, "Whether gRPC is served over TLS."),
    "cert-file": field(
      optionalFile,
      "/etc/kubetail-tls/tls.crt",
      "The server's certificate chain, PEM.",
    ),
    "key-file": field(optionalFile, "/etc/kubetail-tls/tls.key", "Its private key, PEM."),
    "ca-file": field(
      optionalFile,
      "/etc/kubetail-tls/ca.crt",
      "The CA certificates for client certificates, PEM. Required by `require-and-verify`.",
    ),
    "client-auth": field(
      choice(["none", "require-and-verify"]),
      "require-and-verify",
      "Whether clients must present a certificate that a CA in `ca-file` issued.",
    ),
    "allowed-names": field(
      list(word),
      ["kubetail-cluster-api"],
      "The common names that client certificates may have. Empty: any verified certificate. With the " +
        "front-proxy method, these are the front proxies, and tokens do not count on their connections.",
    ),
  }),
  authorization: section("Who may read which logs.", true, {
    methods: field(
      list(choice(["front-proxy", "token", "allow-all"]), { min: 1 }),
      ["front-proxy", "token"],
      "How callers are identified: `front-proxy` (a verified client certificate and " +
        "`x-remote-user`), `token` (a Kubernetes bearer token). `allow-all` skips access reviews and is " +
        "accepted on a loopback address only.",
    ),
    "cache-ttl": field(
      duration({ min: "0s", max: "1h" }),
      "30s",
      "How long a verdict of the API server is cached.",
    ),
    "recheck-interval": field(
      duration({ min: "100ms", max: "24h" }),
      "5m",
      "How often the access of a running follow is reviewed again.",
    ),
  }),
  limits: section("Limits of one agent.", true, {
    "max-streams": field(count({ min: 1, max: 1_000_000 }), 1000, "Concurrent streams."),
    "max-streams-per-user": field(
      count({ min: 1, max: 1_000_000 }),
      250,
      "Concurrent streams of one identity.",
    ),
    "searches-per-user": field(
      count({ min: 1, max: 1_000_000 }),
      8,
      "Concurrent searches of one identity. Further searches wait their turn; none is refused.",
    ),
    "buffer-bytes": field(
      size({ min: 8 * 1024 * 1024, max: 1024 ** 4 }),
      "64MiB",
      "Memory for records that clients have not read yet, for all streams together. When it is used up, " +
        "streams wait for each other; no user may hold more than is left for others.",
    ),
    "engine-memory": field(
      size({ min: 32 * 1024 * 1024, max: 1024 ** 4 }),
      "160MiB",
      "Memory for the regular expression engines of all threads together. Patterns that need more than a " +
        "thread's share (10 MiB with two cores) take turns for one large share (128 MiB); a pattern that " +
        "needs more than that is refused.",
    ),
    "scan-workers": field(
      countOrAuto({ min: 0, max: 256 }),
      "auto",
      "Threads that search logs, about 14 MB each once used. 0: none, searches share the main thread.",
    ),
    "max-connections": field(
      count({ min: 1, max: 100_000 }),
      400,
      "Concurrent connections to the gRPC port. A connection beyond the limit replaces the one that has had no " +
        "call for longest.",
    ),
    "max-connections-per-peer": field(
      count({ min: 1, max: 100_000 }),
      200,
      "Concurrent connections from one address.",
    ),
    "max-handshakes": field(
      count({ min: 1, max: 100_000 }),
      64,
      "Connections with an incomplete TLS handshake. Beyond the limit, the oldest one is closed.",
    ),
    "handshake-timeout": field(
      duration({ min: "100ms", max: "10m" }),
      "5s",
      "How long a TLS handshake may take.",
    ),
    "max-header-bytes": field(
      size({ min: 1024, max: 1024 * 1024 }),
      "128KiB",
      "Size of the headers of one call, names and values, after decompression.",
    ),
    "header-memory": field(
      size({ min: 1024 * 1024, max: 1024 * 1024 * 1024 }),
      "24MiB",
      "Memory for the headers of all open calls.",
    ),
    "max-request-bytes": field(
      size({ min: 1024, max: 1024 * 1024 }),
      "128KiB",
      "Size of one request. The incomplete requests of a connection may take four times as much together.",
    ),
    "request-memory": field(
      size({ min: 1024 * 1024, max: 1024 * 1024 * 1024 }),
      "24MiB",
      "Memory for the requests of all open calls that take more than 8 KiB, and as much for all incomplete ones.",
    ),
    "request-timeout": field(
      duration({ min: "100ms", max: "10m" }),
      "10s",
      "How long a request may take to arrive once it has begun.",
    ),
    "max-unary-calls": field(
      count({ min: 1, max: 1_000_000 }),
      400,
      "Concurrent List calls, including those whose responses have not been read yet.",
    ),
    "max-unary-calls-per-user": field(
      count({ min: 1, max: 1_000_000 }),
      100,
      "Concurrent List calls of one identity.",
    ),
    "max-public-calls": field(
      count({ min: 1, max: 100_000 }),
      128,
      "Concurrent calls that need no identity (health, reflection). Beyond the limit, the connection with " +
        "the most of them is closed.",
    ),
    "max-public-calls-per-connection": field(
      count({ min: 1, max: 100_000 }),
      32,
      "Concurrent calls that need no identity on one connection. Beyond the limit, the connection is closed.",
    ),
    "max-unknown-callers": field(
      count({ min: 1, max: 100_000 }),
      64,
      "Calls waiting for the first verdict on their caller. Callers who were admitted before do not wait " +
        "with them.",
    ),
  }),
  watch: section("The Watch RPC.", false, {
    debounce: field(
      duration({ min: "0s", max: "10m" }),
      "2s",
      "The minimum time between two MODIFIED events for a file.",
    ),
  }),
  telemetry: section("The plain HTTP port for metrics and probes.", false, {
    addr: field(
      address({ optional: true }),
      ":9464",
      'The address of the port. "": none.',
    ),
    metrics: field(flag, true, "Whether `/metrics` is served there."),
    "status-page": field(
      choice(["loopback", "always"]),
      "loopback",
      "Who may see the status page `/`: only callers on the node or through `kubectl port-forward`, " +
        "or everyone.",
    ),
  }),
} as const;

type Camel<Key extends string> = Key extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Key;

type ConfigOf<Fields> = {
  readonly [
    Key in keyof Fields & string as Fields[Key] extends Field<number, "duration">
      ? `${Camel<Key>}Ms`
      : Camel<Key>
  ]: Fields[Key] extends Field<infer T, string> ? T
    : Fields[Key] extends Section<infer Inner> ? ConfigOf<Inner>
    : never;
};

/** The checked configuration with every key, frozen. Durations are in milliseconds, sizes in bytes. */
export type Config = ConfigOf<typeof schema>;

export type AuthorizationMethod = Config["authorization"]["methods"][number];

/**
 * Builds a frozen configuration; valueOf returns each key's value, already read by its type.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { buildConfig } from "./schema.ts";
 *
 * const config = buildConfig((key, field) =>
 *   key === "history" ? true : field.type.read(field.default)
 * );
 * assert.equal(config.history, true);
 * ```
 */
export function buildConfig(valueOf: (key: string, field: Field<unknown>) => unknown): Config {
  function build(fields: Fields, prefix: string): Readonly<Record<string, unknown>> {
    const result: Record<string, unknown> = {};
    for (const [name, entry] of Object.entries(fields)) {
      const key = prefix + name;
      const value = isSection(entry) ? build(entry.fields, `${key}.`) : valueOf(key, entry);
      result[propertyName(name, entry)] = Object.freeze(value);
    }
    return Object.freeze(result);
  }
  return build(schema as Fields, "") as unknown as Config;
}

/** The contract's defaults. */
export const defaults: Config = buildConfig((_, entry) => entry.type.read(entry.default));
