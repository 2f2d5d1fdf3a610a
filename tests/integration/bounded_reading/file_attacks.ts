import { createHash } from "node:crypto";
import { createGzip } from "node:zlib";
import { pipeline } from "node:stream/promises";
import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import type { LogRecord } from "../../../src/generated/cluster_agent.ts";
import { request } from "../../harness/calls.ts";
import { criLine, dockerLine, type TreeLog } from "../../harness/log_tree.ts";
import type { AgentProcess } from "../../harness/process.ts";

const MIB = 2 ** 20;
const START = "2024-10-01T05:00:00Z";
const LATER = "2024-10-01T05:00:10Z";

let pods = 0;
const nextPod = () => `hostile-${pods++}`;

/** Sizes of the data that an attack writes, MiB. */
export interface Sizes {
  readonly nuls: number;
  readonly line: number;
  readonly parts: number;
  readonly inflated: number;
}

/** One call that reads something hostile, and its required result. */
export interface Attack {
  readonly name: string;
  /** Writes the log. */
  prepare(agent: AgentProcess, sizes: Sizes): Promise<TreeLog>;
  readonly direction: "forward" | "backward";
  readonly fields?: Partial<Parameters<typeof request>[0]>;
  /** How many calls at once. */
  readonly calls?: number;
  /** Ends after this many records, like a client with a full page. */
  readonly limit?: number;
  /** Throws if the records are wrong. */
  check(records: Received, sizes: Sizes): void;
}

/** What a call received, without holding a long line. */
export class Received {
  count = 0;
  bytes = 0;
  /** The first and the last few messages, shortened. */
  readonly messages: string[] = [];
  /** The parts of a line, in the order of the log. */
  readonly parts: string[] = [];

  add(record: LogRecord): void {
    this.count++;
    this.bytes += record.message.length;
    if (record.message.length > 100_000) this.parts.push(hash(record.message));
    else this.messages.push(record.message);
    if (this.messages.length > 20) this.messages.splice(10, 1);
  }
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function expect(isTrue: boolean, what: string): void {
  if (!isTrue) throw new Error(what);
}

function expectMessages(received: Received, expected: readonly string[]): void {
  const got = received.messages.join(",");
  expect(got === expected.join(","), `${got} instead of ${expected.join(",")}`);
}

/** `before`, then NULs without a line feed (a hole in the file), then `after` if requested. */
function nuls(after: boolean): Attack["prepare"] {
  return async (agent, sizes) => {
    const log = agent.logs.add({ pod: nextPod(), content: criLine(START, "before") });
    using file = await Deno.open(log.path, { read: true, write: true });
    const { size } = await file.stat();
    await file.truncate(size + sizes.nuls * MIB);
    await file.seek(0, Deno.SeekMode.End);
    if (after) await file.write(new TextEncoder().encode(criLine(LATER, "after")));
    return log;
  };
}

/** A text without two equal parts of a megabyte. */
function* longText(mebibytes: number): Generator<Uint8Array> {
  const block = new Uint8Array(MIB);
  for (let i = 0; i < mebibytes; i++) {
    block.fill(97 + i % 26);
    block.set(new TextEncoder().encode(`block ${i} `));
    yield block;
  }
}

const longLine: Attack["prepare"] = async (agent, sizes) => {
  const log = agent.logs.add({ pod: nextPod(), content: criLine(START, "before") });
  using file = await Deno.open(log.path, { append: true });
  const encode = (text: string) => new TextEncoder().encode(text);
  await file.write(encode(`${LATER} stdout F `));
  for (const block of longText(sizes.line)) await writeAll(file, block);
  await file.write(encode(`\n${criLine(LATER, "after")}`));
  return log;
};

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

/** The hashes of the records into which the long line is split. */
function partHashes(mebibytes: number): string[] {
  const hashes: string[] = [];
  let part = "";
  for (const block of longText(mebibytes)) {
    part += new TextDecoder().decode(block);
    if (part.length < 2 * MIB) continue;
    hashes.push(hash(part));
    part = "";
  }
  if (part !== "") hashes.push(hash(part));
  return hashes;
}

function expectLongLine(received: Received, sizes: Sizes, direction: "forward" | "backward") {
  const order = direction === "forward" ? ["before", "after"] : ["after", "before"];
  expectMessages(received, order);
  const parts = direction === "forward" ? received.parts : received.parts.toReversed();
  expect(parts.join() === partHashes(sizes.line).join(), "the line's bytes are not all there");
}

const smallParts: Attack["prepare"] = async (agent, sizes) => {
  const log = agent.logs.add({ pod: nextPod(), content: criLine(START, "before") });
  using file = await Deno.open(log.path, { append: true });
  const part = criLine(LATER, "x".repeat(20), { tag: "P" });
  const block = new TextEncoder().encode(part.repeat(Math.floor(MIB / part.length)));
  for (let i = 0; i < sizes.parts; i++) await writeAll(file, block);
  return log;
};

/** Between two records, malformed lines: what a damaged disk leaves. */
const malformed: Attack["prepare"] = async (agent, sizes) => {
  const log = agent.logs.add({ pod: nextPod(), content: criLine(START, "before") });
  using file = await Deno.open(log.path, { append: true });
  const block = new TextEncoder().encode("x\n".repeat(MIB / 2));
  for (let i = 0; i < sizes.parts; i++) await writeAll(file, block);
  await file.write(new TextEncoder().encode(criLine(LATER, "after")));
  return log;
};

/** The same among Docker's records, in each form that JSON.parse would throw an exception for. */
const malformedDocker: Attack["prepare"] = async (agent, sizes) => {
  const content = dockerLine(START, "before\n");
  const log = agent.logs.add({ pod: nextPod(), format: "docker", content });
  using file = await Deno.open(log.path, { append: true });
  const block = new TextEncoder().encode("{\n\n{x}\n[\n".repeat(MIB / 16));
  for (let i = 0; i < sizes.parts; i++) await writeAll(file, block);
  await file.write(new TextEncoder().encode(dockerLine(LATER, "after\n")));
  return log;
};

const shortLine = criLine(START, "x".repeat(100));
const shortLines = Buffer.from(shortLine.repeat(Math.floor(MIB / shortLine.length)));

/** A log with a rotated file that inflates to this size. */
function compressed(current: string, block: Buffer = shortLines): Attack["prepare"] {
  return async (agent, sizes) => {
    const log = agent.logs.add({ pod: nextPod(), content: current });
    const blocks = function* () {
      for (let i = 0; i < sizes.inflated; i++) yield block;
      yield Buffer.from(criLine(LATER, "last of the rotated file"));
    };
    const target = createWriteStream(`${log.path}.20241001-050010.gz`);
    await pipeline(Readable.from(blocks()), createGzip({ level: 1 }), target);
    return log;
  };
}

const docker: Attack["prepare"] = async (agent, sizes) => {
  const log = agent.logs.add({
    pod: nextPod(),
    format: "docker",
    content: dockerLine(START, "before\n"),
  });
  using file = await Deno.open(log.path, { append: true });
  await file.write(new TextEncoder().encode(`{"log":"`));
  for (const block of longText(sizes.line)) await writeAll(file, block);
  await file.write(new TextEncoder().encode(`","stream":"stdout","time":"${LATER}"}\n`));
  await file.write(new TextEncoder().encode(dockerLine(LATER, "after\n")));
  return log;
};

/** Just short enough to be held, with keys in unusual order, a nested value, and escapes that must be resolved. */
const dockerHeld: Attack["prepare"] = (agent) => {
  const log = agent.logs.add({ pod: nextPod(), format: "docker", content: "" });
  const text = "\\u00e9\\t".repeat(1_800_000);
  const line =
    `{"time":"${START}","stream":"stdout","x":{"a":[1,{"b":null}]},"log":"${text}\\n"}\n`;
  Deno.writeTextFileSync(log.path, line.repeat(2));
  return Promise.resolve(log);
};

const window = { stop_time: "2024-10-01T06:00:00Z" };

export const attacks: readonly Attack[] = [
  {
    name: "NULs without a line feed, forward",
    prepare: nuls(false),
    direction: "forward",
    check: (received) => expectMessages(received, ["before"]),
  },
  {
    name: "NULs before a record, backward",
    prepare: nuls(true),
    direction: "backward",
    check: (received) => expectMessages(received, ["after", "before"]),
  },
  {
    name: "NULs before a record, searched",
    prepare: nuls(true),
    direction: "forward",
    fields: { grep: "aft[a-z]r|x{3}" },
    check: (received) => expectMessages(received, ["after"]),
  },
  {
    name: "NULs before a record, by time",
    prepare: nuls(true),
    direction: "forward",
    fields: { start_time: "2024-10-01T05:00:05Z", ...window },
    check: (received) => expectMessages(received, ["after"]),
  },
  {
    name: "a long line, forward",
    prepare: longLine,
    direction: "forward",
    check: (received, sizes) => expectLongLine(received, sizes, "forward"),
  },
  {
    name: "a long line, backward",
    prepare: longLine,
    direction: "backward",
    check: (received, sizes) => expectLongLine(received, sizes, "backward"),
  },
  {
    name: "a long line, searched for what is in its last block",
    prepare: longLine,
    direction: "forward",
    fields: { grep: "before|after" },
    check: (received) => expectMessages(received, ["before", "after"]),
  },
  {
    name: "a long line, by time",
    prepare: longLine,
    direction: "backward",
    fields: { start_time: "2024-10-01T05:00:05Z", ...window },
    check(received, sizes) {
      expectMessages(received, ["after"]);
      expect(received.parts.length === partHashes(sizes.line).length, "parts are missing");
    },
  },
  {
    name: "a Docker line that is too long",
    prepare: docker,
    direction: "backward",
    fields: window,
    check: (received) => expectMessages(received, ["after", "before"]),
  },
  {
    name: "Docker lines that are just short enough, in an unusual form, 4 calls",
    prepare: dockerHeld,
    direction: "forward",
    calls: 4,
    check: (received) => expect(received.parts.length === 6, `${received.parts.length} records`),
  },
  {
    name: "small parts that never end, with a stop time, 40 calls",
    prepare: smallParts,
    direction: "forward",
    fields: window,
    calls: 40,
    check: (received) => expectMessages(received, ["before"]),
  },
  {
    name: "malformed lines in a row, by time",
    prepare: malformed,
    direction: "forward",
    fields: { start_time: "2024-10-01T05:00:05Z", ...window },
    check: (received) => expectMessages(received, ["after"]),
  },
  {
    name: "malformed Docker lines in a row, 4 calls",
    prepare: malformedDocker,
    direction: "forward",
    calls: 4,
    check: (received) => expectMessages(received, ["before", "after"]),
  },
  {
    name: "history: a compressed file that begins with NULs",
    prepare: compressed(criLine("2024-10-01T05:00:20Z", "the only line"), Buffer.alloc(MIB)),
    direction: "backward",
    check: (received) => expectMessages(received, ["the only line", "last of the rotated file"]),
  },
  {
    name: "history: the last lines, which are not in the compressed file",
    prepare: compressed(Array.from({ length: 9 }, (_, i) => criLine(LATER, `line ${i}`)).join("")),
    direction: "backward",
    limit: 5,
    check: (received) =>
      expectMessages(received, ["line 8", "line 7", "line 6", "line 5", "line 4"]),
  },
  {
    name: "history: the last lines of the compressed file",
    prepare: compressed(criLine(LATER, "the only line")),
    direction: "backward",
    limit: 2,
    check: (received) => expectMessages(received, ["the only line", "last of the rotated file"]),
  },
  {
    name: "history: a search through all of the compressed file",
    prepare: compressed(criLine(LATER, "the only line")),
    direction: "forward",
    fields: { grep: "last|only" },
    check: (received) => expectMessages(received, ["last of the rotated file", "the only line"]),
  },
];
