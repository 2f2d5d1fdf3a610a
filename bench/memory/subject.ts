/**
 * A program whose memory is measured: this project's agent under Deno, or an executable that accepts the same
 * configuration.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import * as grpc from "@grpc/grpc-js";
import { createAuthority } from "../../tests/harness/certificates.ts";
import { freePort } from "../../hack/free_ports.ts";
import { ProcessUse } from "../peers/process_use.ts";

export type Subject =
  & { readonly name: string }
  & (
    | {
      readonly entry: string;
      readonly cwd: string;
      /** Flags for Deno. */
      readonly flags: readonly string[];
      readonly environment: Readonly<Record<string, string>>;
    }
    | { readonly executable: string }
  );

/** The figures of one process: memory after SETTLE_MS of idling, and the cost of its start. */
export interface Sample {
  readonly residentMB: number;
  /** The part of it that belongs to the process alone, excluding files in the shared page cache. */
  readonly anonymousMB: number;
  /** Like resident memory, but counting only this process's share of pages that several processes use. */
  readonly proportionalMB: number;
  /** From the start of the process until its port accepts connections. */
  readonly startMs: number;
  readonly startCpuMs: number;
}

/** From a process's start until its memory counts as idle. */
export const SETTLE_MS = 10_000;

/** A kubeconfig of a server that nobody calls: the Rust agent does not start without one. */
const NO_CLUSTER = {
  apiVersion: "v1",
  kind: "Config",
  "current-context": "none",
  contexts: [{ name: "none", context: { cluster: "none", user: "none" } }],
  clusters: [{ name: "none", cluster: { server: "http://127.0.0.1:9" } }],
  users: [{ name: "none", user: { token: "none" } }],
};

/** A process that serves on a loopback port over mutual TLS, until it is disposed of. */
export interface Running extends AsyncDisposable {
  readonly address: string;
  /** The credentials of a caller that it admits. */
  readonly credentials: grpc.ChannelCredentials;
  readonly pid: number;
  readonly use: ProcessUse;
  readonly startMs: number;
  readonly startCpuMs: number;
}

/**
 * Starts the subject; resolves when its port takes connections.
 *
 * @param flags more of them for Deno
 */
export async function start(
  subject: Subject,
  folder: string,
  flags: readonly string[] = [],
): Promise<Running> {
  const logs = join(folder, "containers");
  mkdirSync(logs, { recursive: true });
  const port = freePort();
  const credentials = await certificates(folder);
  const config = join(folder, "config.json");
  const own = "entry" in subject;
  writeFileSync(
    config,
    JSON.stringify({
      addr: `127.0.0.1:${port}`,
      "container-logs-dir": logs,
      logging: { enabled: true, level: "warn", format: "json" },
      tls: {
        enabled: true,
        "cert-file": join(folder, "tls.crt"),
        "key-file": join(folder, "tls.key"),
        "ca-file": join(folder, "ca.crt"),
        "client-auth": "require-and-verify",
        "allowed-names": ["kubetail-cluster-api"],
      },
      ...own
        ? {
          "log-roots": [folder],
          authorization: { methods: ["allow-all"] },
          limits: { "max-streams-per-user": 1000 },
          telemetry: { addr: "" },
        }
        : {},
    }),
  );
  const command = own
    ? [
      Deno.execPath(),
      "run",
      "--quiet",
      "--no-check",
      ...flags,
      ...subject.flags.map((flag) => flag.startsWith("--allow-read=") ? `${flag},${folder}` : flag),
      subject.entry,
      "serve",
      "-c",
      config,
    ]
    : [subject.executable, "-c", config];
  const kubeconfig = join(folder, "kubeconfig");
  writeFileSync(kubeconfig, JSON.stringify(NO_CLUSTER));
  const began = performance.now();
  const child = new Deno.Command(command[0]!, {
    args: command.slice(1),
    cwd: own ? subject.cwd : folder,
    env: own ? subject.environment : { KUBECONFIG: kubeconfig },
    stdout: "null",
    stderr: "null",
  }).spawn();
  let ended = false;
  void child.status.then(() => ended = true);
  while (!await accepts(port)) {
    if (ended) throw new Error(`${subject.name} ended: ${command.join(" ")}`);
    await wait(2); // nothing tells but asking
  }
  const use = new ProcessUse(child.pid);
  return {
    address: `localhost:${port}`,
    credentials,
    pid: child.pid,
    use,
    startMs: performance.now() - began,
    startCpuMs: Math.round(use.cpuSeconds() * 1000),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}

/** Writes the server's files; returns what a client shows. */
async function certificates(folder: string): Promise<grpc.ChannelCredentials> {
  const authority = await createAuthority();
  const { cert, key } = await authority.server();
  writeFileSync(join(folder, "tls.crt"), cert);
  writeFileSync(join(folder, "tls.key"), key);
  writeFileSync(join(folder, "ca.crt"), authority.cert);
  const client = await authority.client("kubetail-cluster-api");
  return grpc.credentials.createSsl(
    Buffer.from(authority.cert),
    Buffer.from(client.key),
    Buffer.from(client.cert),
  );
}

/** Starts the subject, leaves it alone, and reads its memory. */
export async function measure(subject: Subject, folder: string): Promise<Sample> {
  await using running = await start(subject, folder);
  await wait(SETTLE_MS);
  const { pid, use, startMs, startCpuMs } = running;
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const proportionalMB = Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)![1]) * 1024 / 1e6;
  const { now, anonymous } = use.memory();
  return { residentMB: now, anonymousMB: anonymous, proportionalMB, startMs, startCpuMs };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
