/**
 * The two programs and what each may do: the one list that `deno task serve`, `deno task compile`,
 * the images and the tests share. Nothing else is granted, and nothing prompts.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { bakedLogRoots } from "../src/agent/baked_roots.ts";

export interface Program {
  /** File name of the binary. */
  readonly name: string;
  /** Relative to the project's folder, as all paths here. */
  readonly entry: string;
  readonly permissions: readonly string[];
  readonly unstable: readonly string[];
  /** Further flags of `deno run` and of `deno compile`. */
  readonly runtime: readonly string[];
  readonly v8Flags: readonly string[];
  /** Variables of the process, for the C library: they can be set from outside only. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * What the module graph does not hold: workers are started by address, and a WebAssembly module that
   * is imported in the source phase counts as external.
   */
  readonly include: readonly string[];
  /** Whether it is a client of gRPC servers too: one that is not is bundled without the library's clients. */
  readonly callsGrpc: boolean;
}

/** Where Kubernetes gives a pod its identity; /var/run is a link to /run in many images. */
const serviceAccount = [
  "/var/run/secrets/kubernetes.io/serviceaccount",
  "/run/secrets/kubernetes.io/serviceaccount",
];

/** Any port, but only of "all addresses" and of loopback: the agent's own ports are configurable. */
const listen = ["0.0.0.0", "[::]", "127.0.0.1", "[::1]", "localhost"];

/**
 * The API server as pods see it. Its Service has port 443 in every cluster (the port is fixed in
 * kube-apiserver) but an address from a range that the cluster's maker chose: the private ranges of
 * RFC 1918 and RFC 6598, and what GKE takes by default. A cluster with other addresses, or with IPv6
 * (the platform knows no IPv6 ranges), sets KUBERNETES_SERVICE_HOST=kubernetes.default.svc.
 */
const apiServer = [
  "10.0.0.0/8:443",
  "172.16.0.0/12:443",
  "192.168.0.0/16:443",
  "100.64.0.0/10:443",
  "34.118.224.0/20:443",
  "kubernetes.default.svc:443",
];

/** KUBETAIL_* is for ${VAR} in configuration files; GRPC_* is what @grpc/grpc-js reads. */
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
 * What the runtime and the C library read at their start. The Dockerfile and the chart set the same.
 *
 * DENO_TOKIO_EVENT_INTERVAL: the runtime polls its sockets in each turn of the event loop, not in every 61st of a busy
 * one: docs/decisions/0017-sockets-in-every-turn.md.
 *
 * MALLOC_*: glibc gives memory back that was freed (mallopt(3)): docs/decisions/0015-memory-given-back.md. Without
 * glibc they mean nothing.
 */
const runtimeEnvironment = {
  DENO_TOKIO_EVENT_INTERVAL: "1",
  MALLOC_ARENA_MAX: "2",
  MALLOC_MMAP_THRESHOLD_: "32768",
  MALLOC_TRIM_THRESHOLD_: "4194304",
};

export const agent: Program = {
  name: "kubetail-cluster-agent",
  entry: "src/main.ts",
  permissions: [
    `--allow-read=${
      [...bakedLogRoots, "/etc/kubetail", "/etc/kubetail-tls", ...serviceAccount].join(",")
    }`,
    `--allow-net=${[...listen, ...apiServer].join(",")}`,
    `--allow-env=${environment.join(",")}`,
    "--ignore-env", // libraries look at many names; they find nothing instead of failing
    "--allow-sys=hostname,uid",
    "--deny-import",
    "--no-prompt",
  ],
  unstable: ["--unstable-worker-options"],
  // It is worth 20 ms of a start, and the code that keeps it 3 MB of memory: decision 0008, "Idle".
  runtime: ["--no-code-cache"],
  v8Flags: [
    // Why these: docs/decisions/0008-v8-flags-and-memory.md.
    "--max-semi-space-size=1",
    "--heap-growing-percent=120",
    "--expose-gc",
    "--enable-experimental-regexp-engine-on-excessive-backtracks",
  ],
  environment: runtimeEnvironment,
  include: ["src/pool/worker.ts", ...webAssembly()],
  callsGrpc: false,
};

/**
 * A person's tool, run with that person's rights: it reads the files and calls the addresses that are given to it.
 * Only the demo writes, into a folder for temporary files; but who may make symbolic links, as its log
 * tree has, may write anywhere, says Deno. The tasks client and grep do without.
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
 * Flags for `deno run` of the sources, or of a bundle. The same as the binary's, but that a worker's
 * module must be readable: these lie on disk, a binary's own modules do not.
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
 * @param include what the bundle's module graph does not show
 * @param target as Rust names platforms
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
