/**
 * Chaos: an agent in a separate process, bad clients of every kind, and a few good ones that must get every record.
 *
 *     deno task test:soak            10 minutes
 *     deno task test:soak 120        seconds
 *     deno task test:soak 120 SEED   the same choices again
 *
 * At the end, and once after the first minute, all bad clients pause until they are gone; then the agent's memory and
 * descriptors are compared. Ends with exit code 0, or with 1 and the errors.
 */
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import type { ClientReadableStream } from "@grpc/grpc-js";
import {
  FollowFrom,
  type LogRecord,
  LogRecordsStreamRequest,
} from "../../src/generated/cluster_agent.ts";
import { defaults } from "../../src/config/schema.ts";
import { AuthorizationApi } from "../harness/authorization_api.ts";
import { drain, metadata, request } from "../harness/calls.ts";
import { createAuthority } from "../harness/certificates.ts";
import { append, criLine, criLines, type TreeLog } from "../harness/log_tree.ts";
import { sendMalformed, type Target } from "../harness/malformed.ts";
import { type AttackName, attacks } from "../integration/limits/attacks.ts";
import { attackWith } from "../integration/limits/siege.ts";
import { startProcess } from "../harness/process.ts";
import { descriptors as descriptorsOf } from "../harness/process_descriptors.ts";
import { Random } from "../harness/random.ts";
import { answerHelp } from "../../hack/usage.ts";

answerHelp(import.meta.url);

const seconds = Number(Deno.args[0] ?? 600);
const seed = Number(Deno.args[1] ?? Math.floor(Math.random() * 2 ** 32));
const warmUpMs = Math.min(60_000, seconds * 1000 / 2);
const random = new Random(seed);
const TIME = "2024-10-01T05:00:00Z";
const alice = metadata([["x-remote-user", "alice"], ["x-remote-group", "devs"]]);
/** A separate caller: attackers who fill the agent leave room only for users who hold few streams. */
const reader = metadata([["x-remote-user", "reader"], ["x-remote-group", "devs"]]);
const problems: string[] = [];

console.log(`chaos for ${seconds} s, seed ${seed}`);
await using api = await AuthorizationApi.start();
await using agent = await startProcess({
  kubeConfig: api.kubeConfig(),
  config: {
    authorization: { ...defaults.authorization, cacheTtlMs: 2000, recheckIntervalMs: 20_000 },
    logging: { ...defaults.logging, level: "info" },
  },
});
void agent.ended.then((code) => {
  if (!stopping) fail(`the agent exited on its own with ${code}`);
});
let stopping = false;
/** When the API server was last down; calls may be refused until a little later. */
let apiAwayUntil = 0;

const FIXED_LINES = 20_000;
const fixed = agent.logs.add({ pod: "fixed-0", content: criLines(FIXED_LINES) });
const live = agent.logs.add({ pod: "live-0", content: "" });
const victim = agent.logs.add({ pod: "victim-0", content: criLines(2000) });
const stranger = await (await createAuthority("Another CA")).client("kubetail-cluster-api");
const target: Target = {
  port: agent.port,
  ca: agent.authority.cert,
  client: agent.client,
  stranger,
  log: fixed.request,
};

const other = await agent.authority.client("somebody-else");
const client = agent.records();
const readerClient = agent.records();
const counts: Record<string, number> = {};
let written = 0;
const followers = Array.from({ length: 10 }, goodFollower);
const end = new AbortController();
const writing = every(5, end.signal, () => {
  append(live, criLine(TIME, `${written++}`));
});

await chaos(warmUpMs);
const before = await measure();
console.log("after the warm-up:", before);
await chaos(seconds * 1000 - warmUpMs);
const after = await measure();
console.log("at the end:       ", after);

end.abort();
await writing;
await Promise.all(followers.map((follower) => follower.caughtUp()));
// Fewer are no leak: after the warm-up, some of a client that has gone may still be closing.
if (after.descriptors > before.descriptors) {
  fail(`descriptors: ${JSON.stringify({ before, after })}`);
}
if (after.rssMb > before.rssMb * 1.15) fail(`memory grew by more than 15 %`);
if (after.streams !== followers.length) {
  fail(`${after.streams} streams are open, not those of the followers`);
}

// SIGTERM in the middle of everything.
const last = chaos(3000);
await pause(1000);
stopping = true;
agent.kill("SIGTERM");
const code = await agent.ended;
if (code !== 0) fail(`SIGTERM ended with ${code}`);
await last;
for (const line of agent.lines) {
  // The agent has to report that the API server was down.
  if (String(line["msg"]).startsWith("Cannot ask the Kubernetes API server")) continue;
  if (line["level"] === "error" && line["msg"] !== "call") fail(`logged: ${JSON.stringify(line)}`);
  if (line["code"] === "INTERNAL" || line["code"] === "UNKNOWN") {
    fail(`call: ${JSON.stringify(line)}`);
  }
}
console.log(counts);
console.log(problems.length === 0 ? "no problems" : `${problems.length} problems, seed ${seed}`);
Deno.exit(problems.length === 0 ? 0 : 1);

function fail(text: string): void {
  if (problems.length < 20) console.error(`PROBLEM ${text.slice(0, 500)}`);
  problems.push(text);
}

/** Runs all bad clients at once for a time, then waits until the last of them is gone. */
async function chaos(milliseconds: number): Promise<void> {
  const stop = AbortSignal.timeout(milliseconds);
  await Promise.all([
    goodReader(stop),
    repeat("vanish", stop, vanish),
    repeat("stall", stop, () => stall(stop)),
    repeat("cancel", stop, cancel),
    repeat("half-open", stop, () => halfOpen(stop)),
    repeat(
      "malformed",
      stop,
      () => sendMalformed(target, { count: 200, random, signal: stop }).then(() => {}),
    ),
    repeat("certificate swap", stop, () => swapCertificate(stop)),
    repeat("API server away", stop, () => apiAway(stop)),
    repeat("file damaged", stop, () => damageFiles(stop)),
    repeat("attack", stop, attack),
  ]);
}

async function repeat(name: string, stop: AbortSignal, turn: () => Promise<void>): Promise<void> {
  while (!stop.aborted && !stopping) {
    try {
      await turn();
      counts[name] = (counts[name] ?? 0) + 1;
    } catch (error) {
      if (!stopping) fail(`${name}: ${error}`);
      return;
    }
  }
}

/** Opens streams on a separate connection and vanishes while they run. */
async function vanish(): Promise<void> {
  const session = rawSession();
  const opened = Promise.withResolvers<void>();
  for (let index = 0; index < random.between(1, 8); index++) {
    const follow = random.chance(0.5) ? FollowFrom.DEFAULT : FollowFrom.NOOP;
    const stream = rawStream(session, { ...fixed.request, follow_from: follow });
    stream.once("data", () => opened.resolve());
    stream.once("close", () => opened.resolve());
  }
  session.once("close", () => opened.resolve());
  await opened.promise;
  await pause(random.next() * 50);
  session.destroy();
}

/** Reads a little, then nothing for a while, then leaves. */
async function stall(stop: AbortSignal): Promise<void> {
  const session = rawSession();
  const stream = rawStream(session, fixed.request);
  await Promise.race([event(stream, "readable"), event(session, "close")]);
  await pause(3000, stop);
  session.destroy();
}

/** Cancels after the first records, as the real client does with every page. */
async function cancel(): Promise<void> {
  const call = client.streamForward(request({ ...fixed.request, grep: "line \\d*7" }), alice);
  call.on("error", () => {});
  await new Promise<void>((resolve) => {
    call.once("data", () => resolve());
    call.once("status", () => resolve());
  });
  call.cancel();
}

/** Silent connections. */
async function halfOpen(stop: AbortSignal): Promise<void> {
  const sockets = Array.from({ length: 20 }, () => connectTcp(agent.port, "127.0.0.1"));
  for (const socket of sockets) socket.on("error", () => {}).resume();
  await pause(2000, stop);
  for (const socket of sockets) socket.destroy();
}

async function swapCertificate(stop: AbortSignal): Promise<void> {
  agent.swapSecret({ ...await agent.authority.server(), ca: agent.authority.cert });
  await pause(7000, stop);
}

async function apiAway(stop: AbortSignal): Promise<void> {
  await pause(10_000, stop);
  apiAwayUntil = Number.POSITIVE_INFINITY;
  await api.stop();
  await pause(3000, stop);
  await api.resume();
  apiAwayUntil = Date.now() + 2000;
}

/** Truncates, removes and restores a log that bad clients follow, and makes it unreadable. */
async function damageFiles(stop: AbortSignal): Promise<void> {
  const follow = rawSession();
  rawStream(follow, { ...victim.request, follow_from: FollowFrom.DEFAULT });
  rewrite(victim, "");
  await pause(200, stop);
  rewrite(victim, criLines(2000));
  Deno.chmodSync(victim.path, 0);
  await pause(200, stop);
  Deno.chmodSync(victim.path, 0o644);
  Deno.removeSync(victim.path);
  await pause(500, stop);
  Deno.writeTextFileSync(victim.path, criLines(2000));
  follow.destroy();
}

/** One of the attacks against which the limits exist, in a separate process. */
async function attack(): Promise<void> {
  const names = (Object.keys(attacks) as AttackName[])
    // This agent requires certificates; a connection without one never gets this far.
    .filter((name) => !/no certificate|tokens/.test(name));
  const name = names[random.between(0, names.length - 1)] ?? "idle connections";
  await attackWith(name, {
    port: agent.port,
    telemetryPort: agent.telemetryPort,
    ca: agent.authority.cert,
    client: agent.client,
    other,
    log: fixed.request,
  });
}

function rewrite(log: TreeLog, content: string): void {
  Deno.truncateSync(log.path);
  if (content !== "") append(log, content);
}

/** Follows the live log; every record must arrive, once and in order. */
function goodFollower(): { caughtUp(): Promise<void> } {
  const call: ClientReadableStream<LogRecord> = agent.records().streamForward(
    request({ ...live.request, follow_from: FollowFrom.DEFAULT }),
    alice,
  );
  let next = 0;
  let look = () => {};
  call.on("data", ({ message }: LogRecord) => {
    if (message !== `${next}`) fail(`a follower got ${message} in place of ${next}`);
    next = Number(message) + 1;
    look();
  });
  call.on("error", (error) => {
    if (!stopping) fail(`a follower ended: ${error.message}`);
  });
  return {
    caughtUp: () =>
      new Promise((resolve) => {
        look = () => {
          if (next === written) resolve();
        };
        look();
        setTimeout(() => {
          if (next !== written) fail(`a follower has ${next} of ${written} records after 10 s`);
          resolve();
        }, 10_000);
      }),
  };
}

/** Reads the fixed log repeatedly; every read must be complete, except while the API server is down. */
async function goodReader(signal: AbortSignal): Promise<void> {
  while (!signal.aborted && !stopping) {
    const away = () => Date.now() < apiAwayUntil;
    const wasAway = away();
    const { code, details, messages } = await drain(
      readerClient.streamForward(request(fixed.request), reader),
    );
    if (code === "UNAVAILABLE" && (wasAway || away())) {
      counts["reads refused while the API server was away"] =
        (counts["reads refused while the API server was away"] ?? 0) + 1;
      await pause(50);
    } else if (stopping) {
      return;
    } else if (code !== "OK" || messages.length !== FIXED_LINES) {
      fail(`a reader got ${messages.length} of ${FIXED_LINES} records, ${code} ${details}`);
    } else {
      counts["whole reads"] = (counts["whole reads"] ?? 0) + 1;
    }
  }
}

/** What the agent holds when only the good clients are left. */
async function measure(): Promise<{ rssMb: number; descriptors: number; streams: number }> {
  const series =
    'kubetail_agent_open_streams{method="cluster_agent.LogRecordsService/StreamForward"}';
  // The last bad clients' streams are still ending.
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline && await agent.metric(series) > followers.length) await pause(20);
  const streams = await agent.metric(series);
  const samples: number[] = [];
  let descriptors = Number.POSITIVE_INFINITY;
  for (let index = 0; index < 20; index++) {
    samples.push(await agent.metric("process_resident_memory_bytes"));
    // Connections to the API server are kept, as many as were needed at one time.
    const toApiServer = await api.openConnections();
    // Workers start with a search and end a minute after the last one: each has an epoll and an eventfd descriptor.
    const held = descriptorsOf(agent.pid);
    const eventLoops = held.filter((target) => target === "anon_inode:[eventpoll]").length;
    descriptors = Math.min(descriptors, held.length - toApiServer - 2 * eventLoops);
    await pause(100);
  }
  samples.sort((a, b) => a - b);
  return { rssMb: Math.round((samples[10] ?? 0) / 1e6), descriptors, streams };
}

function rawSession(): ClientHttp2Session {
  const session = connectHttp2(`https://localhost:${agent.port}`, {
    ca: agent.authority.cert,
    cert: agent.client.cert,
    key: agent.client.key,
  });
  session.on("error", () => {});
  return session;
}

function rawStream(session: ClientHttp2Session, fields: Parameters<typeof request>[0]) {
  const content = LogRecordsStreamRequest.encode(request(fields)).finish();
  const message = new Uint8Array(5 + content.length);
  new DataView(message.buffer).setUint32(1, content.length);
  message.set(content, 5);
  const stream = session.request({
    ":method": "POST",
    ":path": "/cluster_agent.LogRecordsService/StreamForward",
    "content-type": "application/grpc",
    te: "trailers",
    "x-remote-user": "mallory",
  });
  stream.on("error", () => {});
  stream.end(message);
  return stream;
}

function event(source: { once(name: string, listener: () => void): unknown }, name: string) {
  return new Promise<void>((resolve) => source.once(name, resolve));
}

/** Resolves after the time, or when the signal fires. */
function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    }
    if (signal?.aborted) done();
    else signal?.addEventListener("abort", done);
  });
}

async function every(milliseconds: number, signal: AbortSignal, work: () => void): Promise<void> {
  while (!signal.aborted) {
    work();
    await pause(milliseconds, signal);
  }
}
