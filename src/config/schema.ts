/** The finished configuration, as every other part is given it: checked, complete, frozen. */
export interface Config {
  /** HOST:PORT; an empty host is every address. */
  readonly addr: string;
  readonly containerLogsDir: string;
  /** Folders that a log's real path must lie in; empty: the defaults of src/files/locate.ts. */
  readonly logRoots: readonly string[];
  /** Empty: no limit besides the access reviews. */
  readonly allowedNamespaces: readonly string[];
  readonly history: boolean;
  readonly maxLineBytes: number;
  readonly shutdownTimeoutMs: number;
  readonly missingFileWaitMs: number;
  readonly logging: {
    readonly enabled: boolean;
    readonly level: "debug" | "info" | "warn" | "error" | "disabled";
    readonly format: "json" | "pretty" | "text";
  };
  readonly tls: {
    readonly enabled: boolean;
    readonly certFile: string;
    readonly keyFile: string;
    readonly caFile: string;
    readonly clientAuth: "none" | "require-and-verify";
    /** Subject common names of clients; empty: any verified name. */
    readonly allowedNames: readonly string[];
  };
  readonly authorization: {
    readonly methods: readonly AuthorizationMethod[];
    readonly cacheTtlMs: number;
    readonly recheckIntervalMs: number;
  };
  readonly limits: {
    readonly maxStreams: number;
    readonly maxStreamsPerUser: number;
    /** 0: scan in place. */
    readonly scanWorkers: number | "auto";
  };
  readonly watch: { readonly debounceMs: number };
  readonly telemetry: {
    /** HOST:PORT; empty: no telemetry port. */
    readonly addr: string;
    readonly metrics: boolean;
    readonly statusPage: "loopback" | "always";
  };
}

export type AuthorizationMethod = "front-proxy" | "token" | "allow-all";

/** The contract's defaults. */
export const defaults: Config = {
  addr: ":50051",
  containerLogsDir: "/var/log/containers",
  logRoots: [],
  allowedNamespaces: [],
  history: false,
  maxLineBytes: 2 * 1024 * 1024,
  shutdownTimeoutMs: 30_000,
  missingFileWaitMs: 10_000,
  logging: { enabled: true, level: "info", format: "json" },
  tls: {
    enabled: true,
    certFile: "/etc/kubetail-tls/tls.crt",
    keyFile: "/etc/kubetail-tls/tls.key",
    caFile: "/etc/kubetail-tls/ca.crt",
    clientAuth: "require-and-verify",
    allowedNames: ["kubetail-cluster-api"],
  },
  authorization: {
    methods: ["front-proxy", "token"],
    cacheTtlMs: 30_000,
    recheckIntervalMs: 300_000,
  },
  limits: { maxStreams: 1000, maxStreamsPerUser: 250, scanWorkers: "auto" },
  watch: { debounceMs: 2000 },
  telemetry: { addr: ":9464", metrics: true, statusPage: "loopback" },
};
