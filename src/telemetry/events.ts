/** What can happen in the agent. The core reports facts here; other modules turn them into log lines and metrics. */
export type AgentEvent =
  | { readonly type: "call-started"; readonly method: string }
  | ({ readonly type: "call-ended" } & CallFacts)
  /** A piece of a log was scanned. */
  | {
    readonly type: "scanned";
    readonly bytes: number;
    readonly records: number;
    readonly malformed: number;
    readonly seconds: number;
  }
  | { readonly type: "sent"; readonly bytes: number }
  | {
    readonly type: "review";
    readonly verdict: "allowed" | "denied" | "error";
    readonly seconds: number;
  }
  | { readonly type: "review-cached" }
  /** A follow or watch began (+1) or ended (-1). */
  | { readonly type: "followers"; readonly change: 1 | -1 }
  | { readonly type: "watchers"; readonly change: 1 | -1 }
  /** How many log files are currently followed. */
  | { readonly type: "followed-files"; readonly count: number }
  | { readonly type: "rotation" }
  /** Bytes of a log that are lost: nobody can read them any more. */
  | {
    readonly type: "truncated";
    readonly bytes: number;
    readonly path: string;
    /** Truncated with no copy left, removed before a slow reader reached them, or present but unreadable. */
    readonly cause: "truncated" | "removed" | "unreadable";
  }
  | { readonly type: "workers"; readonly count: number }
  /** Memory used by the regex engines of all workers. */
  | { readonly type: "engines"; readonly bytes: number }
  /** Searches waiting because their users have others running. */
  | { readonly type: "searches-waiting"; readonly count: number }
  /** Bytes held by results that have not been sent yet, and streams waiting for those of others to be sent. */
  | { readonly type: "buffers"; readonly bytes: number; readonly waiting: number }
  | { readonly type: "worker-replaced"; readonly reason: "died" | "stuck" }
  | {
    readonly type: "certificate";
    readonly state: "loaded" | "kept";
    /** End of validity of the certificate in use, milliseconds since the epoch. */
    readonly notAfterMs: number;
    readonly problem?: string;
  }
  /** A limit of the configuration or the port was reached, and a caller or connection was refused. */
  | {
    readonly type: "limit-reached";
    readonly limit: LimitName;
    /** Whom it concerns: a peer address, or an identity without secrets. */
    readonly who?: string;
  }
  /** An error that reached the top of the process: outside any call's work, or in a callback. */
  | {
    readonly type: "uncaught-error";
    readonly kind: "exception" | "rejection";
    readonly error: string;
    /** Where it was thrown, if known. */
    readonly at: string;
  }
  /** Anything else worth a log line. The text contains no token and no log content. */
  | {
    readonly type: "notice";
    readonly level: "debug" | "info" | "warn" | "error";
    readonly text: string;
    readonly fields?: Readonly<Record<string, string | number | boolean>>;
  };

/**
 * What can be refused because of its number or size. Each name is a metric label and is documented in docs/limits.md.
 */
export const limitNames = [
  "connections",
  "connections-per-peer",
  "handshakes",
  "handshake-time",
  "header-bytes",
  "header-memory",
  "request-bytes",
  "request-memory",
  "request-time",
  "frames",
  "streams-per-connection",
  "streams",
  "streams-per-user",
  "unary-calls",
  "unary-calls-per-user",
  "public-calls",
  "public-calls-per-connection",
  "unknown-callers",
  "descriptors",
  "telemetry-connections",
] as const;

export type LimitName = typeof limitNames[number];

/** A finished call, for its log line and the call metrics. */
export interface CallFacts {
  /** Service/Method, such as cluster_agent.LogRecordsService/StreamForward. */
  readonly method: string;
  /** gRPC status name, such as OK. */
  readonly code: string;
  /** The caller without secrets: user:alice, or token: and a SHA-256 prefix. Empty if unknown. */
  readonly identity: string;
  readonly namespaces: readonly string[];
  readonly records: number;
  readonly bytes: number;
  readonly milliseconds: number;
  readonly error?: string;
}

/** Receives events. Must not throw and must be fast: it is called on hot paths. */
export type Report = (event: AgentEvent) => void;

/** Discards all events. */
export const silent: Report = () => {};
