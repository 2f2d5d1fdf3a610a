/** The memory that followers, workers and slow readers add to an agent. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { FollowFrom, LogRecordsServiceClient } from "../../src/generated/cluster_agent.ts";
import { deferClientSessionEnds } from "../../src/rpc/grpc_js/session_ends.ts";
import { request } from "../../tests/harness/calls.ts";
import type { ProcessUse } from "../peers/process_use.ts";
import { start, type Subject } from "./subject.ts";

deferClientSessionEnds();

/** MB of resident memory. */
export interface Added {
  readonly idle: number;
  readonly followers: { readonly count: number; readonly after: number };
  readonly search: { readonly streams: number; readonly peak: number };
  readonly slowReaders: { readonly count: number; readonly after: number };
}

const FOLLOWERS = 500;
const SEARCHES = 8;
const SLOW_READERS = 100;
const LOG_LINES = 400_000;
/** How long to wait before a change in memory is read. */
const SETTLE_MS = 5000;

/** Puts the loads on separate processes, one after another. */
export async function load(subject: Subject, folder: string): Promise<Added> {
  const big = addLog(folder, "big-0", LOG_LINES);
  for (let i = 0; i < FOLLOWERS; i++) addLog(folder, `quiet-${i}`, 10);
  const idle = await withAgent(subject, folder, () => Promise.resolve());
  const followers = await withAgent(subject, folder, async (client) => {
    for (let i = 0; i < FOLLOWERS; i++) {
      const call = open(client, { ...logOf(`quiet-${i}`), follow_from: FollowFrom.DEFAULT });
      await first(call);
      call.resume();
    }
  });
  let peak = 0;
  await withAgent(subject, folder, async (client, use) => {
    const searches = Array.from({ length: SEARCHES }, () => {
      const call = open(client, { ...big, grep: "(?i)(error|timeout) .*[a-f]{3}" });
      call.resume();
      return new Promise((resolve) => call.once("status", resolve));
    });
    const all = Promise.all(searches);
    let done = false;
    void all.then(() => done = true);
    while (!done) {
      peak = Math.max(peak, use.memory().now);
      await wait(20);
    }
  });
  const slow = await withAgent(subject, folder, async (client) => {
    for (let i = 0; i < SLOW_READERS; i++) {
      const call = open(client, big);
      await first(call);
    }
  });
  return {
    idle,
    followers: { count: FOLLOWERS, after: followers },
    search: { streams: SEARCHES, peak },
    slowReaders: { count: SLOW_READERS, after: slow },
  };
}

/** Resident memory of an agent under a load, in MB. */
async function withAgent(
  subject: Subject,
  folder: string,
  put: (client: LogRecordsServiceClient, use: ProcessUse) => Promise<void>,
): Promise<number> {
  await using running = await start(subject, folder);
  const client = new LogRecordsServiceClient(running.address, running.credentials, {
    "grpc.use_local_subchannel_pool": 1,
  });
  await put(client, running.use);
  await wait(SETTLE_MS);
  const resident = running.use.memory().now;
  client.close();
  return resident;
}

function open(client: LogRecordsServiceClient, fields: Parameters<typeof request>[0]) {
  const call = client.streamForward(request(fields));
  call.on("error", () => {}); // cancelled at the end
  return call;
}

/** Resolves to the stream's first record, and reads no further; rejects if it ends without one. */
function first(call: ReturnType<typeof open>): Promise<void> {
  return new Promise((resolve, reject) => {
    call.once("data", () => {
      call.pause();
      resolve();
    });
    call.once("status", ({ details }) => reject(new Error(`A stream ended: ${details}`)));
  });
}

function logOf(pod: string) {
  return {
    namespace: "bench",
    pod_name: pod,
    container_name: "main",
    container_id: pod.replace("-", ""),
  };
}

function addLog(folder: string, pod: string, lines: number) {
  const log = join(folder, `pods/bench_${pod}_1/main`);
  mkdirSync(log, { recursive: true });
  let text = "";
  for (let i = 0; i < lines; i++) {
    const time = new Date(1_700_000_000_000 + i * 10).toISOString();
    text += `${time} stdout F line ${i} of a service that says ${
      i % 7 ? "fine" : "error abc"
    } every so often\n`;
  }
  writeFileSync(join(log, "0.log"), text);
  const id = logOf(pod).container_id;
  symlinkSync(join(log, "0.log"), join(folder, `containers/${pod}_bench_main-${id}.log`));
  return logOf(pod);
}
