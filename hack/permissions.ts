/**
 * The two programs and their permissions: the only list, shared by `deno task serve`, `deno task compile`, the images
 * and the tests. Nothing else is granted, and nothing prompts.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { bakedLogRoots } from "../src/agent/baked_roots.ts";
import { findJemalloc } from "./allocator.ts";

export interface Program {
  /** File name of the binary. */
  readonly name: string;
  /** Relative to the project's folder, like all paths here. */
  readonly entry: string;
  readonly permissions: readonly string[];
  readonly unstable: readonly string[];
  /** Further flags of `deno run` and of `deno compile`. */
  readonly runtime: readonly string[];
  readonly v8Flags: readonly string[];
  /** Environment variables that the loader, the allocator and the runtime read at start: they can only be set from outside. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * Files that are not in the module graph: workers are started by URL, and a WebAssembly module that is imported in
   * the source phase counts as external.
   */
  readonly include: readonly string[];
  /** Whether it is also a client of gRPC servers; otherwise it is bundled without the library's clients. */
  readonly callsGrpc: boolean;
}

/** Where Kubernetes puts a pod's identity; /var/run is a link to /run in many images. */
const serviceAccount = [
  "/var/run/secrets/kubernetes.io/serviceaccount",
  "/run/secrets/kubernetes.io/serviceaccount",
];

/** Any port, but only on all addresses and on loopback: the agent's own ports are configurable. */
const listen = ["0.0.0.0", "[::]", "127.0.0.1", "[::1]", "localhost"];

/**
 * The API server as seen by pods. Its Service has port 443 in every cluster (the port is fixed in kube-apiserver), but
 * its address comes from a range that the cluster's creator chose: the private ranges of RFC 1918 and RFC 6598, and
 * GKE's default. A cluster with other addresses, or with IPv6 (the platform supports no IPv6 ranges), sets
 * KUBERNETES_SERVICE_HOST=kubernetes.default.svc.
 */
const apiServer = [
  "10.0.0.0/8:443",
  "172.16.0.0/12:443",
  "192.168.0.0/16:443",
  "100.64.0.0/10:443",
  "34.118.224.0/20:443",
  "kubernetes.default.svc:443",
];

/** KUBETAIL_* is for ${VAR} in configuration files; GRPC_* is read by @grpc/grpc-js. */
const environment = [
  "NODE_NAME",
  "KUBERNETES_SERVICE_HOST",
  "KUBERNETES_SERVICE_PORT",
  "KUBETAIL_*",
  "GRPC_*",
  "OTEL_*",
  "NO_COLOR",
];

/**
 * Read by the runtime and the allocator when they start. The Dockerfile and the chart set the same variables.
 *
 * DENO_TOKIO_EVENT_INTERVAL: the runtime polls its sockets in every turn of the event loop, not only in every 61st of a
 * busy loop: docs/decisions/0017-sockets-in-every-turn.md.
 *
 * MALLOC_CONF: jemalloc returns freed memory within seconds (jemalloc(3)): docs/decisions/0018-jemalloc.md. The other
 * MALLOC_* variables are for glibc (mallopt(3)), where jemalloc is not loaded: docs/decisions/0015-memory-given-back.md.
 */
const runtimeEnvironment = {
  DENO_TOKIO_EVENT_INTERVAL: "1",
  MALLOC_CONF:
    "background_thread:true,narenas:1,dirty_decay_ms:2000,muzzy_decay_ms:0,tcache_max:4096",
  MALLOC_ARENA_MAX: "2",
  MALLOC_MMAP_THRESHOLD_: "32768",
  MALLOC_TRIM_THRESHOLD_: "4194304",
};

/** As in the image, where this machine has the library. Every process that Deno starts with it needs --allow-run. */
const jemalloc = findJemalloc();

export const agent: Program = {
  name: "kubetail-cluster-agent",
  entry: "src/main.ts",
  permissions: [
    `--allow-read=${
      [...bakedLogRoots, "/etc/kubetail", "/etc/kubetail-tls", ...serviceAccount].join(",")
    }`,
    `--allow-net=${[...listen, ...apiServer].join(",")}`,
    `--allow-env=${environment.join(",")}`,
    "--ignore-env", // libraries read many names; they find nothing instead of failing
    "--allow-sys=hostname,uid",
    "--deny-import",
    "--no-prompt",
  ],
  unstable: ["--unstable-worker-options"],
  // It saves 20 ms per start, but the code for it takes 3 MB of memory: decision 0008, "Idle".
  runtime: ["--no-code-cache"],
  v8Flags: [
    // Why these: docs/decisions/0008-v8-flags-and-memory.md.
    "--max-semi-space-size=1",
    "--heap-growing-percent=120",
    "--expose-gc",
    "--enable-experimental-regexp-engine-on-excessive-backtracks",
  ],
  environment: jemalloc === null
    ? runtimeEnvironment
    : { ...runtimeEnvironment, LD_PRELOAD: jemalloc },
  include: ["src/pool/worker.ts", ...webAssembly()],
  callsGrpc: false,
};

/**
 * A person's tool, which runs with that person's rights: it reads the files and calls the addresses that it is given.
 * Only the demo writes, into a temporary folder; but according to Deno, a program that may create symbolic links, which
 * its log tree contains, may write anywhere. The tasks client and grep do not need this.
 */
export const tools: Program = {
  name: "kubetail-agent-tools",
  entry: "src/tools_main.ts",
  permissions: [
    "--allow-read",
    "--allow-write",
    "--allow-net",
    "--allow-env",
    "--allow-sys=hostname,uid",
    "--deny-import",
    "--no-prompt",
  ],
  unstable: agent.unstable,
  runtime: [],
  v8Flags: agent.v8Flags,
  environment: runtimeEnvironment,
  include: [...agent.include, "src/demo/samples"],
  callsGrpc: true,
};

export const programs: readonly Program[] = [agent, tools];

/**
 * Flags for `deno run` of the sources, or of a bundle. The same as the binary's, except that a worker's module must be
 * readable: it is on disk, unlike a binary's own modules.
 *
 * @param modules the folder of the sources or of the bundle
 */
export function runFlags(program: Program, modules = "src"): string[] {
  return [
    ...program.permissions.map((flag) =>
      flag.startsWith("--allow-read=") ? flag.replace("=", `=${modules},`) : flag
    ),
    ...program.unstable,
    ...program.runtime,
    v8Flags(program),
  ];
}

/**
 * Flags for `deno compile` of a program's bundle.
 *
 * @param include files that are not in the bundle's module graph
 * @param target target triple, as in Rust
 * @param output path of the binary
 */
export function compileFlags(
  program: Program,
  include: readonly string[],
  target: string,
  output: string,
): string[] {
  return [
    ...program.permissions,
    ...program.unstable,
    ...program.runtime,
    v8Flags(program),
    // The bundle is complete: no import map, no packages, no lock file, no folder of modules.
    "--no-config",
    "--no-lock",
    "--no-npm",
    "--no-remote",
    "--no-check",
    ...include.flatMap((path) => ["--include", path]),
    "--target",
    target,
    "--output",
    output,
  ];
}

function webAssembly(): string[] {
  const project = new URL("..", import.meta.url).pathname;
  return readdirSync(join(project, "src/generated"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".wasm")).map((path) => `src/generated/${path}`).sort();
}

function v8Flags(program: Program): string {
  return `--v8-flags=${program.v8Flags.join(",")}`;
}
