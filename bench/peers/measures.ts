/** The measurements. */
import {
  FollowFrom,
  LogMetadataListRequest,
  LogRecordsStreamRequest,
} from "../../src/generated/cluster_agent.ts";
import type { BenchLogs, LogId } from "./logs.ts";
import type { CallResult, Client } from "./client_process.ts";
import type { ProcessUse } from "./process_use.ts";

export interface Subject {
  readonly client: Client;
  readonly use: ProcessUse;
  readonly logs: BenchLogs;
}

/** One figure of one run. */
export interface Figure {
  readonly value: number;
  /** Other observations in that run. */
  readonly notes?: Readonly<Record<string, number>>;
}

export interface Measure {
  readonly name: string;
  readonly unit: "ms" | "records/s" | "MB/s";
  /** A rate rather than a duration. */
  readonly moreIsBetter?: boolean;
  /** Takes milliseconds, so it is taken several times per turn. */
  readonly isShort?: boolean;
  /** Only for agents of this project: others do not end, take too long, or cannot be compared fairly. */
  readonly ownOnly?: boolean;
  /** With patterns that are made to be slow: these have separate turns, so that their memory shows nowhere else. */
  readonly isSlowPattern?: boolean;
  /** ripgrep does the same with this pattern and file. */
  readonly ripgrep?: { readonly pattern: string; readonly path: (logs: BenchLogs) => string };
  run(subject: Subject): Promise<Figure>;
}

const FORWARD = "LogRecordsService/StreamForward";
const BACKWARD = "LogRecordsService/StreamBackward";

/** The Cluster API sends spaces in this form, and (?i) before everything. */
const clientForm = (text: string) => `(?i)${text}`;

export const measures: readonly Measure[] = [
  allRecords("all records, CRI 256 MiB", "cri"),
  allRecords("all records, Docker 70 MB", "docker"),
  allRecords("all records, Docker 70 MB with blanks", "spacedDocker"),
  grep("grep literal, 20 hits", "needle"),
  grep("grep (?i) literal, 40 hits", clientForm("needle")),
  grep("grep, nothing found", "haystacks-and-needles"),
  grep("grep (error|timeout) .*reset, 282 k hits", "(error|timeout) .*reset"),
  { ...grep("grep status=|code=, 1.55 M hits", "status=|code="), ownOnly: true },
  grep("backward grep, 20 hits", "needle", { method: BACKWARD }),
  {
    name: "last 500 records",
    unit: "ms",
    isShort: true,
    run: ({ client, logs }) => page(client, BACKWARD, request(logs.cri)),
  },
  {
    name: "500 records from the middle, by time",
    unit: "ms",
    isShort: true,
    run: ({ client, logs }) =>
      page(client, FORWARD, { ...request(logs.cri), start_time: logs.middle }),
  },
  grepsAtOnce("8 greps at once", Array(8).fill(clientForm("needle"))),
  grepsAtOnce(
    "8 different greps at once",
    ["needle", "haystack", "nowhere", "neither", "upstreams", "sessions?", "poolside", "retries"],
  ),
  {
    name: "List of 1,000 files",
    unit: "ms",
    isShort: true,
    run: async ({ client }) => ({ value: await list(client) }),
  },
  blowUp("(?i)^(a+)+$"),
  blowUp("(x+x+)+y"),
  blowUp(String.raw`(.*)*\d`),
  {
    name: String.raw`\w{200}z: cancelled, the machine is free after`,
    unit: "ms",
    ownOnly: true,
    isSlowPattern: true,
    run: cancelSlow,
  },
  {
    name: String.raw`\w{200}z in 4 calls: a plain grep meanwhile`,
    unit: "ms",
    ownOnly: true,
    isSlowPattern: true,
    run: besideSlow,
  },
];

function request(log: LogId): LogRecordsStreamRequest {
  const { namespace, pod_name, container_name, container_id } = log;
  return {
    namespace,
    pod_name,
    container_name,
    container_id: `containerd://${container_id}`,
    start_time: "",
    stop_time: "",
    grep: "",
    follow_from: FollowFrom.NOOP,
  };
}

async function checked(
  client: Client,
  method: string,
  asked: LogRecordsStreamRequest,
): Promise<CallResult> {
  const result = await client.call(method, LogRecordsStreamRequest.encode(asked).finish());
  if (result.status !== "0") throw new Error(`status ${result.status}: ${result.message}`);
  return result;
}

function allRecords(
  name: string,
  log: "cri" | "docker" | "spacedDocker",
): Measure {
  return {
    name,
    unit: "records/s",
    moreIsBetter: true,
    async run({ client, logs, use }) {
      const before = use.cpuSeconds();
      const { frames, milliseconds, firstMilliseconds } = await checked(
        client,
        FORWARD,
        request(logs[log]),
      );
      if (frames !== logs[log].lines) {
        throw new Error(`${frames} records of ${logs[log].lines} lines`);
      }
      const cpuPerMillion = (use.cpuSeconds() - before) / (frames / 1e6);
      return {
        value: frames / milliseconds * 1000,
        notes: { "CPU s per million records": cpuPerMillion, "first ms": firstMilliseconds },
      };
    },
  };
}

function grep(name: string, pattern: string, { method = FORWARD } = {}): Measure {
  return {
    name,
    unit: "ms",
    ripgrep: { pattern, path: (logs) => logs.cri.path },
    async run({ client, logs, use }) {
      const before = use.cpuSeconds();
      const { milliseconds, frames } = await checked(client, method, {
        ...request(logs.cri),
        grep: pattern,
      });
      const cpu = (use.cpuSeconds() - before) * 1000;
      return { value: milliseconds, notes: { hits: frames, "CPU ms": cpu } };
    },
  };
}

function grepsAtOnce(name: string, patterns: readonly string[]): Measure {
  return {
    name,
    unit: "ms",
    run: ({ client, logs }) =>
      withListMeanwhile(client, async () => {
        const began = performance.now();
        await Promise.all(
          patterns.map((grep) => checked(client, FORWARD, { ...request(logs.cri), grep })),
        );
        return performance.now() - began;
      }),
  };
}

async function page(
  client: Client,
  method: string,
  asked: LogRecordsStreamRequest,
): Promise<Figure> {
  const { milliseconds, frames } = await client.call(
    method,
    LogRecordsStreamRequest.encode(asked).finish(),
    500,
  );
  if (frames < 500) throw new Error(`${frames} records: a page of 500 was asked for`);
  return { value: milliseconds };
}

async function list(client: Client): Promise<number> {
  const asked = LogMetadataListRequest.encode({ namespaces: ["many"] }).finish();
  const { milliseconds, status, message, bytes } = await client.call(
    "LogMetadataService/List",
    asked,
  );
  if (status !== "0") throw new Error(`List: status ${status}: ${message}`);
  if (bytes < 100_000) throw new Error(`List: ${bytes} bytes are not 1,000 files`);
  return milliseconds;
}

/** Lists during the work, as often as a page in use might. */
async function withListMeanwhile(client: Client, work: () => Promise<number>): Promise<Figure> {
  let isOver = false;
  const worked = work().finally(() => isOver = true);
  const lists: number[] = [];
  while (!isOver) {
    lists.push(await list(client));
    await pause(100);
  }
  const value = await worked;
  lists.sort((a, b) => a - b);
  return {
    value,
    notes: { "List median ms": lists[lists.length >> 1]!, "List slowest ms": lists.at(-1)! },
  };
}

function blowUp(pattern: string): Measure {
  return {
    name: `${pattern} on lines of 1 MB`,
    unit: "MB/s",
    moreIsBetter: true,
    ownOnly: true,
    isSlowPattern: true,
    ripgrep: { pattern, path: (logs) => logs.long.path },
    run: ({ client, logs }) =>
      withListMeanwhile(client, async () => {
        const { milliseconds } = await checked(client, FORWARD, {
          ...request(logs.long),
          grep: pattern,
        });
        return logs.long.bytes / 1000 / milliseconds;
      }),
  };
}

const slowGrep = String.raw`\w{200}z`;

/** From the cancellation until the server's threads have stopped computing. */
async function cancelSlow({ client, logs, use }: Subject): Promise<Figure> {
  const body = LogRecordsStreamRequest.encode({ ...request(logs.slow), grep: slowGrep }).finish();
  const cancel = client.cancellable(FORWARD, body);
  await pause(500);
  cancel();
  const began = performance.now();
  let last = began;
  let cpu = use.cpuSeconds();
  for (let quiet = 0; quiet < 10;) {
    await pause(10);
    const now = use.cpuSeconds();
    if (now > cpu) {
      cpu = now;
      last = performance.now();
      quiet = 0;
    } else quiet++;
    if (Number.isNaN(now)) break;
  }
  return { value: last - began };
}

async function besideSlow({ client, logs }: Subject): Promise<Figure> {
  const body = LogRecordsStreamRequest.encode({ ...request(logs.slow), grep: slowGrep }).finish();
  const cancels = [1, 2, 3, 4].map(() => client.cancellable(FORWARD, body));
  await pause(50);
  const figure = await withListMeanwhile(client, async () => {
    const asked = { ...request(logs.cri), grep: clientForm("needle") };
    return (await checked(client, FORWARD, asked)).milliseconds;
  });
  for (const cancel of cancels) cancel();
  await pause(300);
  return figure;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
