import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { FollowFrom, type LogRecord } from "../../src/generated/cluster_agent.ts";
import { startAgent, type TestAgent } from "../harness/agent.ts";
import { request } from "../harness/calls.ts";
import { append, criLine, dockerLine, type TreeLog } from "../harness/log_tree.ts";

/**
 * What rotations do to a followed log, on real files and over mutual TLS. Everything that a test does without awaiting
 * happens between two checks of the agent, which runs in the same process.
 */

/** Messages of a follow, as they arrive. */
class Follow implements Disposable {
  readonly messages: string[] = [];
  readonly #call;
  #arrived = Promise.withResolvers<void>();
  readonly standing: Promise<void>;

  constructor(agent: TestAgent, log: TreeLog, from: FollowFrom) {
    this.#call = agent.records().streamForward(request({ ...log.request, follow_from: from }));
    this.#call.on("error", () => {}); // It is cancelled at the end.
    this.#call.on("data", (record: LogRecord) => {
      this.messages.push(record.message);
      this.#arrived.resolve();
    });
    this.standing = new Promise((resolve) => this.#call.on("metadata", () => resolve()));
  }

  /** Waits for a total number of messages. */
  async until(count: number): Promise<string[]> {
    while (this.messages.length < count) {
      await this.#arrived.promise;
      this.#arrived = Promise.withResolvers();
    }
    return this.messages;
  }

  [Symbol.dispose]() {
    this.#call.cancel();
  }
}

const nanos = (n: number) => `2024-10-01T05:40:00.${String(n).padStart(9, "0")}Z`;
const line = (n: number) => criLine(nanos(n), `${n}`);
const docker = (n: number) => dockerLine(nanos(n), `${"x".repeat(600)} ${n}\n`);
const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => `${from + i}`);
const last = (messages: readonly string[]) => messages.map((text) => text.split(" ").at(-1));

function rename(log: TreeLog, suffix: string) {
  Deno.renameSync(log.path, log.path + suffix);
  Deno.writeTextFileSync(log.path, "");
}

function copyTruncate(log: TreeLog, suffix: string) {
  Deno.copyFileSync(log.path, log.path + suffix);
  Deno.truncateSync(log.path);
}

for (const from of [FollowFrom.DEFAULT, FollowFrom.END]) {
  const name = from === FollowFrom.DEFAULT ? "from the beginning" : "from the end";
  Deno.test(`kubelet's stamps go back with local time: each line comes once, ${name}`, async () => {
    await using agent = await startAgent();
    const log = agent.logs.add();
    Deno.writeTextFileSync(`${log.path}.20241103-014000`, criLine("2024-10-01T05:00:00Z", "old"));
    append(log, line(1));
    using follow = new Follow(agent, log, from);
    await follow.standing;
    const first = from === FollowFrom.DEFAULT ? 1 : 2;
    const until = (n: number) => follow.until(n - first + 1);
    await until(1);
    let n = 1;
    for (const stamp of [".20241103-015000", ".20241103-011000", ".20241103-013000"]) {
      append(log, line(++n));
      await until(n);
      append(log, line(++n));
      rename(log, stamp);
      append(log, line(++n));
      await until(n);
    }
    assert.deepEqual(await until(n), numbers(first, n));
  });
}

Deno.test("three rotations while the agent is busy lose no line, though Docker lines begin with 600 equal bytes", async () => {
  await using agent = await startAgent();
  const log = agent.logs.add({ format: "docker", content: docker(1) });
  using follow = new Follow(agent, log, FollowFrom.DEFAULT);
  await follow.until(1);
  const shift = (to: number) => {
    for (let n = to; n > 1; n--) Deno.renameSync(`${log.path}.${n - 1}`, `${log.path}.${n}`);
    rename(log, ".1");
  };
  for (let i = 1; i <= 3; i++) {
    append(log, docker(2 * i));
    shift(i);
    append(log, docker(2 * i + 1));
  }
  assert.deepEqual(last(await follow.until(7)), numbers(1, 7));
});

for (const suffix of ["-20241001", "-2024100113", "-20241001-1727780400", ".1"]) {
  for (const gz of ["", ".gz"]) {
    Deno.test(`unread lines of a log that was truncated come from its copy, ${suffix}${gz}`, async () => {
      await using agent = await startAgent();
      const log = agent.logs.add({ format: "docker", content: docker(1) });
      using follow = new Follow(agent, log, FollowFrom.DEFAULT);
      await follow.until(1);
      append(log, docker(2));
      copyTruncate(log, suffix);
      if (gz !== "") {
        Deno.writeFileSync(log.path + suffix + gz, gzipSync(Deno.readFileSync(log.path + suffix)));
        Deno.removeSync(log.path + suffix);
      }
      append(log, docker(3));
      assert.deepEqual(last(await follow.until(3)), numbers(1, 3));
      assert(!agent.events.some((event) => event.type === "truncated"), "bytes were lost");
    });
  }
}

Deno.test("a log that was truncated and has regrown beyond its old size: the copy is read", async () => {
  await using agent = await startAgent();
  const log = agent.logs.add({ content: line(1) });
  using follow = new Follow(agent, log, FollowFrom.DEFAULT);
  await follow.until(1);
  let n = 1;
  for (let round = 1; round <= 5; round++) {
    for (let i = 0; i < 3; i++) append(log, line(++n));
    copyTruncate(log, `.2024110${round}-100000`);
    for (let i = 0; i < 3 + round * 4; i++) append(log, line(++n));
    await follow.until(n);
  }
  assert.deepEqual(await follow.until(n), numbers(1, n));
});

Deno.test("NULs of a crash, and of a writer that kept its offset over a truncation, hide no line", async () => {
  await using agent = await startAgent();
  const log = agent.logs.add({ content: line(1) });
  using follow = new Follow(agent, log, FollowFrom.DEFAULT);
  await follow.until(1);
  append(log, new Uint8Array(4096));
  append(log, line(2));
  await follow.until(2);
  const { size } = Deno.statSync(log.path);
  copyTruncate(log, ".1");
  using file = Deno.openSync(log.path, { write: true });
  file.seekSync(size, Deno.SeekMode.Start);
  file.writeSync(new TextEncoder().encode(line(3)));
  assert.deepEqual(await follow.until(3), numbers(1, 3));
});

Deno.test("a log that is moved together with its link is followed on: no line is lost", async () => {
  await using agent = await startAgent();
  const log = agent.logs.add({ content: line(1) });
  using follow = new Follow(agent, log, FollowFrom.DEFAULT);
  await follow.until(1);
  append(log, line(2));
  const moved = log.path.replace("/0.log", "/1.log");
  Deno.renameSync(log.path, moved);
  Deno.removeSync(log.link);
  Deno.symlinkSync(moved, log.link);
  assert.deepEqual(await follow.until(2), numbers(1, 2));
  Deno.writeTextFileSync(moved, line(3), { append: true });
  assert.deepEqual(await follow.until(3), numbers(1, 3));
});

Deno.test("a huge line without a line feed is read once and not kept, and is delivered when it ends", async () => {
  await using agent = await startAgent();
  const log = agent.logs.add({ content: line(1) });
  using follow = new Follow(agent, log, FollowFrom.DEFAULT);
  await follow.until(1);
  append(log, `${nanos(2)} stdout F `);
  for (let i = 0; i < 64; i++) {
    append(log, "x".repeat(128 * 1024));
    await new Promise((resolve) => setTimeout(resolve)); // Lets the agent check.
  }
  assert.equal(follow.messages.length, 1);
  append(log, "\n" + line(3));
  while (follow.messages.at(-1) !== "3") await follow.until(follow.messages.length + 1);
  assert.equal(follow.messages.slice(1, -1).join("").length, 8 * 1024 * 1024);
});
