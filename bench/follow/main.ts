/**
 * Measures whether followers lose lines, and how late lines arrive. Starts an agent over mutual TLS, writes numbered
 * and timed lines as a runtime does, rotates the files, follows them with real gRPC clients, and prints the result.
 *
 *     deno run -A bench/follow/main.ts --files 500 --followers 1000 --rate 2 --seconds 30 --rotations 2
 *
 * Followers request all lines (DEFAULT) if there is a backlog, otherwise only new ones (END). Exit code 1 if lines were
 * lost or duplicated, or a stream ended.
 */
import * as grpc from "@grpc/grpc-js";
import { parseArgs } from "node:util";
import { agent } from "../../hack/permissions.ts";
import {
  FollowFrom,
  type LogRecord,
  LogRecordsServiceClient,
} from "../../src/generated/cluster_agent.ts";
import { createAuthority } from "../../tests/harness/certificates.ts";
import { LogTree, type TreeLog } from "../../tests/harness/log_tree.ts";
import { descriptors, inotifyWatches } from "../../tests/harness/process_descriptors.ts";
import { ProcessUse } from "../peers/process_use.ts";
import { percentile, Tally } from "./tally.ts";
import { lineOf, wallClock, type WriterOrder, type WriterResult } from "./writer.ts";
import { freePort } from "../../hack/free_ports.ts";

const { values } = parseArgs({
  options: {
    files: { type: "string", default: "1" },
    followers: { type: "string", default: "1" },
    rate: { type: "string", default: "50" },
    seconds: { type: "string", default: "10" },
    "warm-up": { type: "string", default: "0" },
    rotations: { type: "string", default: "0" },
    style: { type: "string", default: "rename" },
    backlog: { type: "string", default: "0" },
    connections: { type: "string", default: "1" },
    elsewhere: { type: "string", default: "0" },
    burst: { type: "boolean", default: false },
    checkout: { type: "string", default: "" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log(`Usage: deno task bench:follow [OPTIONS]

Lines lost, doubled and late while following

  --files N        logs that are followed (1)
  --followers N    streams, spread over the files (1)
  --rate N         lines a second written to each file (50)
  --seconds N      how long (10)
  --warm-up N      of these, seconds in which neither CPU nor latency counts (0)
  --rotations N    of each file (0)
  --style S        rename (kubelet) or copytruncate (logrotate) (rename)
  --backlog N      lines in each file before the followers come (0)
  --connections N  HTTP/2 connections of the followers (1)
  --elsewhere N    lines a second written to a log that nobody follows (0)
  --burst          all files are written at the same moment, not spread over time
  --checkout DIR   the agent of another checkout, to compare with (this one)
  --json           the result as one JSON object`);
  Deno.exit(0);
}

const number = (
  name:
    | "files"
    | "followers"
    | "rate"
    | "seconds"
    | "warm-up"
    | "rotations"
    | "backlog"
    | "connections"
    | "elsewhere",
) => {
  const value = Number(values[name]);
  if (!(value >= 0)) throw new Error(`Cannot take --${name} ${values[name]}: not a number`);
  return value;
};
const order = {
  files: number("files"),
  followers: number("followers"),
  rate: number("rate"),
  seconds: number("seconds"),
  warmUp: number("warm-up"),
  rotations: number("rotations"),
  backlog: number("backlog"),
  connections: number("connections"),
  elsewhere: number("elsewhere"),
};
const style = values.style;
if (style !== "rename" && style !== "copytruncate") {
  throw new Error(`Cannot take --style ${style}: neither rename nor copytruncate`);
}

using tree = new LogTree();
const logs = Array.from({ length: order.files }, (_, i) => tree.add({ pod: `web-${i}` }));
const quiet = tree.add({ pod: "elsewhere" });
if (order.backlog > 0) {
  for (const log of logs) {
    let text = "";
    for (let n = 0; n < order.backlog; n++) text += lineOf(n);
    Deno.writeTextFileSync(log.path, text);
  }
}

const running = await startAgent(tree);
const idle = resources(running.pid);
const use = new ProcessUse(running.pid);
const idleMB = use.memory().now;
let peakMB = idleMB;
const sampler = setInterval(() => peakMB = Math.max(peakMB, use.memory().now), 250);

const latencies: number[] = [];
let endedStreams = 0;
let firstEnd = "";
const channels: LogRecordsServiceClient[] = [];
for (let i = 0; i < order.connections; i++) channels.push(running.connect());
const followers = Array.from({ length: order.followers }, (_, i) => {
  const log = logs[i % logs.length];
  const channel = channels[i % channels.length];
  if (log === undefined || channel === undefined) throw new Error("no file to follow");
  return follow(channel, log);
});

const writer = new Worker(new URL("./writer.ts", import.meta.url), { type: "module" });
const writing = new Promise<WriterResult>((resolve, reject) => {
  writer.onmessage = (event: MessageEvent<WriterResult>) => resolve(event.data);
  writer.onerror = (event) => reject(new Error(`the writer failed: ${event.message}`));
});
const begin = () =>
  writer.postMessage(
    {
      files: logs.map((log) => log.path),
      rate: order.rate,
      seconds: order.seconds,
      rotations: order.rotations,
      style,
      first: order.backlog,
      isBurst: values.burst,
      elsewhere: order.elsewhere > 0 ? { path: quiet.path, rate: order.elsewhere } : null,
    } satisfies WriterOrder,
  );

// With a backlog, lines are written while followers connect; otherwise all followers are connected before the first
// line.
if (order.backlog > 0) begin();
await Promise.all(followers.map((follower) => follower.standing));
if (order.backlog === 0) begin();
// An agent that has just started compiles code, and returns the memory of its start.
await new Promise((resolve) => setTimeout(resolve, order.warmUp * 1000));
const standing = { cpuSeconds: use.cpuSeconds(), atMs: performance.now() };
const receivedBefore = order.warmUp > 0 ? sum((follower) => follower.tally.received) : 0;
if (order.warmUp > 0) latencies.length = 0;
const written = await writing;
await settled(written.written);
const after = { cpuSeconds: use.cpuSeconds(), atMs: performance.now() };
clearInterval(sampler);

for (const follower of followers) follower.cancel();
for (const channel of channels) channel.close();
const left = await backToIdle(running.pid, idle);
writer.terminate();
running.stop();

const lost = sum((follower) => follower.tally.missing(written.written));
const doubled = sum((follower) => follower.tally.doubled);
const outOfOrder = sum((follower) => follower.tally.outOfOrder);
const sorted = Float64Array.from(latencies).sort();
const result = {
  ...order,
  style,
  lines: written.written - order.backlog,
  rotated: written.rotated,
  received: sum((follower) => follower.tally.received),
  lost,
  doubled,
  outOfOrder,
  ended: endedStreams,
  firstEnd,
  latencyMs: {
    p50: percentile(sorted, 50),
    p99: percentile(sorted, 99),
    max: percentile(sorted, 100),
  },
  writerLateMs: written.lateMs,
  agent: {
    rssMb: Math.round(peakMB),
    idleRssMb: Math.round(idleMB),
    /** User and system time, over all received records. */
    cpuMsPerRecord: 1000 * (after.cpuSeconds - standing.cpuSeconds) /
      Math.max(1, sum((follower) => follower.tally.received) - receivedBefore),
    cpuPercent: Math.round(
      (100 * (after.cpuSeconds - standing.cpuSeconds)) /
        ((after.atMs - standing.atMs) / 1000),
    ),
    descriptorsLeft: left.descriptors - idle.descriptors,
    watchesLeft: left.watches - idle.watches,
    releasedMs: left.afterMs,
  },
};
if (values.json) console.log(JSON.stringify(result));
else {
  const ms = (value: number) => `${value.toFixed(2)} ms`;
  console.log(
    `${order.followers} followers of ${order.files} files, ${order.rate} lines/s each for ${order.seconds} s,` +
      ` ${written.rotated} rotations by ${style}, backlog ${order.backlog}\n` +
      `received ${result.received}: lost ${lost}, doubled ${doubled}, out of order ${outOfOrder},` +
      ` streams ended ${endedStreams}${firstEnd === "" ? "" : ` (${firstEnd})`}\n` +
      `latency p50 ${ms(result.latencyMs.p50)}, p99 ${ms(result.latencyMs.p99)},` +
      ` max ${ms(result.latencyMs.max)} (the writer itself was up to ${
        ms(written.lateMs)
      } late)\n` +
      `agent: ${result.agent.rssMb} MB at most (${result.agent.idleRssMb} idle), ${result.agent.cpuPercent} % of a core,` +
      ` ${result.agent.cpuMsPerRecord.toFixed(3)} ms for each record;` +
      ` ${ms(left.afterMs)} after the last follower ${result.agent.descriptorsLeft} logs open` +
      ` and ${result.agent.watchesLeft} watches more than before`,
  );
}
await running.ended;
Deno.exit(lost + doubled + endedStreams > 0 ? 1 : 0);

function sum(of: (follower: ReturnType<typeof follow>) => number): number {
  return followers.reduce((total, follower) => total + of(follower), 0);
}

function follow(channel: LogRecordsServiceClient, log: TreeLog) {
  const tally = new Tally(0);
  const call = channel.streamForward({
    ...log.request,
    start_time: "",
    stop_time: "",
    grep: "",
    follow_from: order.backlog > 0 ? FollowFrom.DEFAULT : FollowFrom.END,
  });
  let cancelled = false;
  const standing = new Promise<void>((resolve) => {
    call.on("metadata", () => resolve());
    call.on("status", () => resolve());
  });
  call.on("data", (record: LogRecord) => {
    const line = Number.parseInt(record.message);
    tally.take(line);
    const { seconds = 0n, nanos = 0 } = record.timestamp ?? {};
    // Lines of the backlog were written before anyone requested them.
    if (line >= order.backlog) {
      latencies.push(wallClock() - (Number(seconds) * 1000 + nanos / 1e6));
    }
  });
  call.on("error", () => {}); // The status contains the same information.
  call.on("status", (status: grpc.StatusObject) => {
    if (cancelled) return;
    endedStreams++;
    firstEnd ||= `${grpc.status[status.code]} ${status.details}`;
  });
  return {
    tally,
    standing,
    cancel() {
      cancelled = true;
      call.cancel();
    },
  };
}

/** Resolves when every follower has every line, or none has received one for three seconds. */
async function settled(end: number): Promise<void> {
  let received = -1;
  let since = performance.now();
  for (;;) {
    if (followers.every((follower) => follower.tally.missing(end) === 0)) return;
    const now = sum((follower) => follower.tally.received);
    if (now !== received) {
      received = now;
      since = performance.now();
    } else if (performance.now() - since > 3000) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Starts the agent as `deno task serve` does, but with the log tree of this run. */
async function startAgent(tree: LogTree) {
  const authority = await createAuthority();
  const [server, client] = await Promise.all([
    authority.server(),
    authority.client("kubetail-cluster-api"),
  ]);
  const folder = `${tree.dir}/tls`;
  Deno.mkdirSync(folder);
  Deno.writeTextFileSync(`${folder}/ca.crt`, authority.cert);
  Deno.writeTextFileSync(`${folder}/server.crt`, server.cert);
  Deno.writeTextFileSync(`${folder}/server.key`, server.key);
  const port = freePort();
  const limit = Math.max(1000, order.followers + 10);
  Deno.writeTextFileSync(
    `${folder}/config.yaml`,
    `addr: "127.0.0.1:${port}"
container-logs-dir: ${tree.containerLogsDir}
log-roots: [${tree.logRoots.join(", ")}]
tls: { cert-file: ${folder}/server.crt, key-file: ${folder}/server.key, ca-file: ${folder}/ca.crt }
authorization: { methods: [allow-all] }
limits: { max-streams: ${limit}, max-streams-per-user: ${limit} }
logging: { level: warn }
telemetry: { addr: "" }
`,
  );
  const root = values.checkout === ""
    ? new URL("../../", import.meta.url).pathname
    : `${Deno.realPathSync(values.checkout)}/`;
  const permissions = agent.permissions.map((permission) =>
    permission.startsWith("--allow-read=") ? `${permission},${tree.dir},src` : permission
  );
  const flags = [...permissions, ...agent.unstable, `--v8-flags=${agent.v8Flags.join(",")}`];
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, agent.entry, "serve", "-c", `${folder}/config.yaml`],
    cwd: root,
    env: agent.environment,
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  const credentials = grpc.credentials.createSsl(
    Buffer.from(authority.cert),
    Buffer.from(client.key),
    Buffer.from(client.cert),
  );
  const connect = () =>
    new LogRecordsServiceClient(`localhost:${port}`, credentials, {
      "grpc.use_local_subchannel_pool": 1,
    });
  const probe = connect();
  await new Promise<void>((resolve, reject) => {
    probe.waitForReady(Date.now() + 20_000, (error) => error ? reject(error) : resolve());
  });
  probe.close();
  return {
    pid: process.pid,
    connect,
    stop: () => process.kill("SIGTERM"),
    ended: process.status,
  };
}

/** Descriptors of logs (threads and connections have descriptors too), and inotify watches. */
function resources(pid: number): { descriptors: number; watches: number } {
  const ofLogs = descriptors(pid).filter((target) => target.startsWith(`${tree.dir}/pods/`));
  return { descriptors: ofLogs.length, watches: inotifyWatches(pid) };
}

/** How soon the agent holds no more than at the beginning; gives up after five seconds. */
async function backToIdle(pid: number, idle: { descriptors: number; watches: number }) {
  const began = performance.now();
  for (;;) {
    const now = resources(pid);
    const afterMs = performance.now() - began;
    const back = now.descriptors <= idle.descriptors && now.watches <= idle.watches;
    if (back || afterMs > 5000) return { ...now, afterMs };
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
