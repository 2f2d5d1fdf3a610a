import assert from "node:assert/strict";
import { LogRecord } from "../../../src/generated/cluster_agent.ts";
import { frames } from "../../../src/local_search/decode_frames.ts";
import { ScanPool } from "../../../src/pool/pool.ts";
import { AppendedScanner } from "../../../src/stream/appended_scanner.ts";
import { BufferBudget } from "../../../src/stream/buffer_budget.ts";
import { type FollowRecordsOptions, FollowStream } from "../../../src/stream/follow_stream.ts";
import { silent } from "../../../src/telemetry/events.ts";
import { FollowedFolder } from "../../harness/followed_folder.ts";
import { criLine, criLines, logName } from "../../harness/memory_log.ts";
import { Random, runSeed } from "../../harness/random.ts";

const MAX_RECORD_BYTES = 1000;
const OPEN = { start: null, stop: null };
const scanner = await AppendedScanner.create(MAX_RECORD_BYTES);

/** A stream of the folder's log, and what it wrote. */
function following(
  stage: FollowedFolder,
  more: Partial<FollowRecordsOptions> & {
    readonly window?: ConstructorParameters<typeof FollowStream>[2]["window"];
    readonly now?: () => number;
  } = {},
) {
  const { window = OPEN, now, ...options } = more;
  const messages: string[] = [];
  const pool = new ScanPool({ workers: 0, report: silent });
  const stream = new FollowStream(stage.follows, logName, { start: "beginning", window }, now);
  const cancel = new AbortController();
  const ended = stream.run({
    grep: "",
    maxRecordBytes: MAX_RECORD_BYTES,
    scanner,
    pool,
    stream: {},
    user: "alice",
    buffers: new BufferBudget({ bytes: Infinity, report: () => {} }),
    report: silent,
    signal: cancel.signal,
    onScanned() {},
    sink: {
      write(chunk) {
        keep(chunk);
        return true;
      },
    },
    ...options,
  });
  ended.catch(() => {});
  function keep(chunk: Uint8Array): void {
    for (const frame of frames(chunk)) messages.push(LogRecord.decode(frame).message);
  }
  return {
    messages,
    ended,
    keep,
    cancel,
    [Symbol.dispose]() {
      stream[Symbol.dispose]();
      pool.close();
    },
  };
}

/** The messages of CRI lines. */
const messagesOf = (text: string) =>
  text.split("\n").slice(0, -1).map((line) => line.slice(line.indexOf(" F ") + 3));

Deno.test("a check's findings are written before it returns", async () => {
  await using stage = new FollowedFolder();
  stage.append(criLines(1, 3));
  using follow = following(stage);
  assert.deepEqual(follow.messages, messagesOf(criLines(1, 3)));
  stage.append(criLine(4));
  stage.watcher.check();
  assert.deepEqual(follow.messages, messagesOf(criLines(1, 4)));
});

Deno.test("each line is delivered once and in order, with or without the pool, however slow the sink is", async () => {
  const seed = runSeed();
  console.log(`SEED=${seed}`);
  const random = new Random(seed);
  for (const grep of ["", "[13579]$"]) {
    await using stage = new FollowedFolder();
    let waiting = Promise.resolve(true);
    using follow = following(stage, {
      grep,
      sink: {
        write(chunk) {
          follow.keep(chunk);
          if (random.chance(0.5)) return true;
          return waiting = new Promise((resolve) => setTimeout(() => resolve(true)));
        },
      },
    });
    let written = "";
    for (let round = 0, line = 1; round < 40; round++) {
      // Some of these are more than is scanned in place.
      const count = random.chance(0.1) ? random.between(2000, 3000) : random.between(1, 20);
      const text = criLines(line, line + count - 1);
      line += count;
      stage.append(text);
      written += text;
      stage.watcher.check();
      if (random.chance(0.3)) await waiting;
    }
    const expected = messagesOf(written).filter((message) => new RegExp(grep).test(message));
    while (follow.messages.length < expected.length) {
      await new Promise((resolve) => setTimeout(resolve));
      stage.watcher.check();
    }
    assert.deepEqual(follow.messages, expected, `SEED=${seed} ${grep}`);
  }
});

Deno.test("a sink that is gone ends the stream, and nothing more is written", async () => {
  await using stage = new FollowedFolder();
  stage.append(criLine(1));
  let writes = 0;
  using follow = following(stage, { sink: { write: () => ++writes < 2 } });
  stage.append(criLine(2));
  stage.watcher.check();
  await follow.ended;
  stage.append(criLine(3));
  stage.watcher.check();
  assert.equal(writes, 2);
});

Deno.test("a signal that fires, or has fired, ends the stream with its reason", async () => {
  await using stage = new FollowedFolder();
  using follow = following(stage);
  follow.cancel.abort(new Error("gone"));
  await assert.rejects(follow.ended, /gone/);
  using never = following(stage, { signal: AbortSignal.abort(new Error("before")) });
  await assert.rejects(never.ended, /before/);
});

Deno.test("a window ends at the first line after it; lines outside are not written", async () => {
  await using stage = new FollowedFolder();
  stage.append(criLines(1, 9));
  const times = criLines(1, 9).split("\n").map((line) => Date.parse(line.split(" ")[0]!));
  const at = (line: number) => ({ seconds: Math.floor(times[line - 1]! / 1000), nanos: 0 });
  using follow = following(stage, { window: { start: at(3), stop: at(5) }, now: () => 0 });
  await follow.ended;
  assert.deepEqual(follow.messages, messagesOf(criLines(3, 5)));
});

Deno.test("a stop that has passed ends the stream without a line behind it", async () => {
  await using stage = new FollowedFolder();
  using follow = following(stage, {
    window: { start: null, stop: { seconds: 1, nanos: 0 } },
    now: () => 2000,
  });
  await follow.ended;
  assert.deepEqual(follow.messages, []);
});
