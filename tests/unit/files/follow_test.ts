import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { gunzipSync, gzipSync } from "node:zlib";
import { Failure } from "../../../src/failure/failure.ts";
import { type AppendedRange, atLine } from "../../../src/files/appended_range.ts";
import { FileWatcher } from "../../../src/files/file_watcher.ts";
import { FollowRegistry } from "../../../src/files/follow_registry.ts";
import type { LogFollower } from "../../../src/files/log_follower.ts";
import type { LogName } from "../../../src/files/name.ts";
import type { AgentEvent } from "../../../src/telemetry/events.ts";
import { examineText } from "../../../src/files/examined_text.ts";
import type { ExamineCompressed } from "../../../src/files/followed_gzip.ts";
import { cannotExamine } from "../../harness/examine.ts";
import { ManualClock } from "../../harness/manual_clock.ts";
import { openDescriptors } from "../../harness/descriptors.ts";

const name: LogName = {
  namespace: "ns",
  podName: "pod",
  containerName: "app",
  containerId: "abc",
};

/** A log's folder, a clock that stands still, and followers. */
class Stage implements AsyncDisposable {
  readonly root = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "follow-" }));
  readonly folder = `${this.root}/pods/ns_pod_uid/app`;
  readonly log = `${this.folder}/0.log`;
  readonly link = `${this.root}/containers/pod_ns_app-abc.log`;
  readonly clock = new ManualClock();
  readonly events: AgentEvent[] = [];
  readonly watcher: FileWatcher;
  readonly follows: FollowRegistry;
  readonly #before = openDescriptors();

  constructor(options: { empty?: boolean; examine?: ExamineCompressed } = {}) {
    Deno.mkdirSync(this.folder, { recursive: true });
    Deno.mkdirSync(`${this.root}/containers`);
    const roots = { containerLogsDir: `${this.root}/containers`, logRoots: [this.root] };
    const report = (event: AgentEvent) => void this.events.push(event);
    this.watcher = new FileWatcher({ roots, report, clock: this.clock, watch: null });
    this.follows = new FollowRegistry({
      roots,
      watcher: this.watcher,
      report,
      missingFileWaitMs: 10_000,
      examine: options.examine ?? cannotExamine,
    });
    if (!options.empty) this.create();
  }

  create() {
    this.append("");
    Deno.symlinkSync(this.log, this.link);
  }

  append(text: string, path = this.log) {
    Deno.writeTextFileSync(path, text, { append: true });
  }

  follow(start: "beginning" | "end" = "beginning") {
    return new Reader((wake) => this.follows.follow(name, start, wake));
  }

  /** Moves the log away as kubelet does and begins a new one. */
  rotate(stamp: string) {
    Deno.renameSync(this.log, `${this.log}.${stamp}`);
    this.append("");
  }

  /** So much time passes, and the agent looks. */
  pass(ms: number) {
    this.clock.advance(ms);
    this.watcher.check();
  }

  get lost(): number {
    return this.events.reduce((sum, e) => e.type === "truncated" ? sum + e.bytes : sum, 0);
  }

  [Symbol.asyncDispose]() {
    this.follows.close();
    this.watcher.close();
    Deno.removeSync(this.root, { recursive: true });
    assert.equal(openDescriptors(), this.#before, "descriptors are left open");
    assert.equal(this.clock.timers, 0, "timers are left");
    return Promise.resolve();
  }
}

function inMemory(bytes: Uint8Array) {
  return {
    size: bytes.length,
    readAt(offset: number, into: Uint8Array) {
      const part = bytes.subarray(offset, offset + into.length);
      into.set(part);
      return part.length;
    },
  };
}

class Reader {
  readonly follower: LogFollower;
  wakes = 0;

  constructor(follow: (wake: () => void) => LogFollower) {
    this.follower = follow(() => void this.wakes++);
  }

  /** The next range if it is there, "waiting" if none is, "done" at the end. */
  range(): AppendedRange | "waiting" | "done" {
    return this.follower.take() ?? (this.follower.ended ? "done" : "waiting");
  }

  /** All text that is there now; "(end)" at the end. */
  text(): string {
    let all = "";
    for (;;) {
      const range = this.range();
      if (range === "waiting") return all;
      if (range === "done") return all + "(end)";
      const bytes = range.bytes ?? new Uint8Array(range.to - range.from);
      const count = range.bytes?.length ?? range.source.readAt(range.from, bytes);
      if (count < range.to - range.from || !range.isIntact()) range.failed();
      else {
        all += new TextDecoder().decode(bytes);
        range.given(atLine(range.to));
      }
    }
  }
}

const line = (n: number) =>
  `2026-11-23T10:00:${String(n).padStart(2, "0")}.000000000Z stdout F ${n}\n`;
const lines = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => line(from + i)).join("");

Deno.test("the beginning gives all that is there, then what comes", async () => {
  await using stage = new Stage();
  stage.append(lines(1, 3));
  const reader = stage.follow();
  assert.equal(reader.text(), lines(1, 3));
  stage.append(line(4));
  assert.equal(reader.text(), "", "nothing has looked yet");
  stage.watcher.check();
  assert.equal(reader.text(), line(4));
});

Deno.test("the end is the last line boundary at the call, not at the first read", async () => {
  await using stage = new Stage();
  stage.append(line(1) + "2026-11-23T10:00:02.0Z stdout F ha");
  const reader = stage.follow("end");
  stage.append("lf\n" + line(3));
  stage.watcher.check();
  assert.equal(reader.text(), "2026-11-23T10:00:02.0Z stdout F half\n" + line(3));
});

Deno.test("an unterminated line is held until its newline comes", async () => {
  await using stage = new Stage();
  const reader = stage.follow();
  stage.append(line(1) + "half");
  stage.watcher.check();
  assert.equal(reader.text(), line(1));
  stage.pass(60_000);
  assert.equal(reader.text(), "");
  stage.append(" line\n");
  stage.watcher.check();
  assert.equal(reader.text(), "half line\n");
});

Deno.test("a log that is not there yet is waited for and read whole, from END too", async () => {
  await using stage = new Stage({ empty: true });
  const reader = stage.follow("end");
  assert.equal(reader.text(), "");
  stage.pass(9_000);
  assert.equal(reader.text(), "");
  stage.append(lines(1, 2));
  Deno.symlinkSync(stage.log, stage.link);
  stage.pass(100);
  assert.equal(reader.text(), lines(1, 2));
});

Deno.test("what is written to a log that has just appeared is seen without events", async () => {
  await using stage = new Stage({ empty: true });
  const reader = stage.follow();
  stage.create();
  stage.clock.advance(100);
  stage.append(line(1));
  stage.clock.advance(60);
  assert.equal(reader.text(), line(1));
});

Deno.test("a log that does not come in time is not found", async () => {
  await using stage = new Stage({ empty: true });
  const reader = stage.follow();
  assert.equal(reader.text(), "");
  stage.pass(10_001);
  assert.throws(
    () => reader.text(),
    (e) => e instanceof Failure && e.kind === "not-found" && e.message.includes(stage.link),
  );
});

Deno.test("a log that may not be read is refused at once", async () => {
  await using stage = new Stage({ empty: true });
  Deno.symlinkSync("/etc/passwd", stage.link);
  assert.throws(
    () => stage.follow().text(),
    (e) => e instanceof Failure && e.kind === "permission-denied",
  );
});

Deno.test("a link that leads out of the roots later ends the follow with a refusal", async () => {
  await using stage = new Stage();
  stage.append(line(1));
  const reader = stage.follow();
  Deno.removeSync(stage.link);
  Deno.symlinkSync("/etc/passwd", stage.link);
  stage.pass(100);
  assert.equal(reader.text(), line(1));
  stage.pass(1000);
  stage.pass(1100);
  assert.throws(
    () => reader.text(),
    (e) => e instanceof Failure && e.kind === "permission-denied",
  );
});

Deno.test("link and file gone for two seconds: drained with the half last line, then the end", async () => {
  await using stage = new Stage();
  const reader = stage.follow();
  stage.append(line(1) + "half");
  Deno.removeSync(stage.link);
  Deno.removeSync(stage.log);
  stage.watcher.check();
  assert.equal(reader.text(), line(1));
  stage.pass(1900);
  assert.equal(reader.text(), "");
  stage.clock.advance(200);
  assert.equal(reader.text(), "half(end)");
});

Deno.test("a link without its file, or a file without its link, is no end", async (t) => {
  await t.step("the file goes, the link stays", async () => {
    await using stage = new Stage();
    const reader = stage.follow();
    Deno.removeSync(stage.log);
    stage.pass(1000);
    stage.pass(60_000);
    assert.equal(reader.text(), "");
    stage.append(line(1));
    stage.pass(1000);
    stage.pass(1000);
    assert.equal(reader.text(), line(1));
  });
  await t.step("the link goes, the file stays", async () => {
    await using stage = new Stage();
    const reader = stage.follow();
    Deno.removeSync(stage.link);
    stage.pass(1000);
    stage.pass(60_000);
    stage.append(line(1));
    stage.watcher.check();
    assert.equal(reader.text(), line(1));
  });
});

Deno.test("a log that comes again within two seconds goes on", async () => {
  await using stage = new Stage();
  const reader = stage.follow();
  stage.append(line(1));
  stage.watcher.check();
  Deno.removeSync(stage.link);
  Deno.removeSync(stage.log);
  stage.pass(1500);
  stage.append(line(2));
  Deno.symlinkSync(stage.log, stage.link);
  stage.pass(100);
  stage.pass(100);
  assert.equal(reader.text(), lines(1, 2));
});

Deno.test("after a rotation the old file's last lines come before the new file's", async () => {
  await using stage = new Stage();
  const reader = stage.follow();
  stage.append(line(1));
  stage.rotate("20261123-101530");
  stage.append(line(3));
  stage.watcher.check();
  assert.equal(reader.text(), line(1), "the new file waits until the old one is settled");
  stage.append(line(2), `${stage.log}.20261123-101530`);
  stage.clock.advance(60);
  assert.equal(reader.text(), lines(2, 3));
});

Deno.test("a line that comes to the old file still later comes late, but comes", async () => {
  await using stage = new Stage();
  const reader = stage.follow();
  stage.append(line(1));
  stage.rotate("20261123-101530");
  stage.append(line(3));
  stage.pass(0);
  stage.pass(100);
  assert.equal(reader.text(), line(1) + line(3));
  stage.append(line(2), `${stage.log}.20261123-101530`);
  stage.pass(1000);
  assert.equal(reader.text(), line(2));
  stage.pass(3000);
  assert.equal(reader.text(), "");
});

Deno.test("an unterminated line at a rotation waits half a second for its end", async () => {
  await using stage = new Stage();
  const reader = stage.follow();
  stage.append("half");
  stage.rotate("20261123-101530");
  stage.append(line(2));
  stage.pass(0);
  stage.pass(100);
  assert.equal(reader.text(), "");
  stage.append(" line\n", `${stage.log}.20261123-101530`);
  stage.pass(10);
  assert.equal(reader.text(), "half line\n" + line(2));
});

Deno.test("rotations that nobody saw are chained, compressed ones too", async (t) => {
  await t.step("kubelet's names", async () => {
    await using stage = new Stage();
    stage.append(line(1));
    stage.rotate("20261123-101530"); // Before the follow: not its business.
    stage.append(line(2));
    const reader = stage.follow();
    for (let i = 3; i <= 6; i++) {
      stage.rotate(`20261123-10154${i}`);
      stage.append(line(i));
    }
    const old = `${stage.log}.20261123-101544`;
    Deno.writeFileSync(`${old}.gz`, gzipSync(Deno.readFileSync(old)));
    Deno.removeSync(old);
    stage.pass(0);
    stage.pass(100);
    assert.equal(reader.text(), lines(2, 6));
  });
  await t.step("Docker's numbers", async () => {
    await using stage = new Stage();
    stage.append(line(1));
    const shift = (to: number) => {
      for (let n = to; n > 1; n--) Deno.renameSync(`${stage.log}.${n - 1}`, `${stage.log}.${n}`);
      stage.rotate("1");
    };
    shift(1);
    stage.append(line(2));
    const reader = stage.follow();
    for (let i = 3; i <= 13; i++) {
      shift(i - 1);
      stage.append(line(i));
    }
    stage.pass(0);
    stage.pass(100);
    assert.equal(reader.text(), lines(2, 13));
  });
});

Deno.test("an inode that is used again is no known file: unseen rotations are chained all the same", async () => {
  await using stage = new Stage();
  stage.append(line(1));
  stage.rotate("20261123-101530");
  stage.append(line(2));
  const reader = stage.follow();
  assert.equal(reader.text(), line(2));
  // The inode of the removed file is the next one that the file system gives out.
  Deno.removeSync(`${stage.log}.20261123-101530`);
  stage.rotate("20261123-101531");
  stage.append(line(3));
  stage.rotate("20261123-101532");
  stage.append(line(4));
  stage.pass(0);
  stage.pass(100);
  assert.equal(reader.text(), lines(3, 4));
});

Deno.test("rotated files that are links are not read", async () => {
  await using stage = new Stage();
  stage.append(line(1));
  const reader = stage.follow();
  Deno.writeTextFileSync(`${stage.root}/secret`, "secret\n");
  stage.rotate("20261123-101530");
  Deno.symlinkSync(`${stage.root}/secret`, `${stage.log}.20261123-101531`);
  Deno.symlinkSync(`${stage.root}/secret`, `${stage.log}.1`);
  stage.append(line(2));
  stage.pass(0);
  stage.pass(100);
  assert.equal(reader.text(), lines(1, 2));
});

Deno.test("copy and truncate: unread bytes are taken from the copy", async () => {
  await using stage = new Stage();
  stage.append(line(1));
  const reader = stage.follow();
  assert.equal(reader.text(), line(1));
  stage.append(line(2));
  stage.watcher.check();
  stage.append(line(3)); // Not even seen.
  Deno.copyFileSync(stage.log, `${stage.log}.1`);
  Deno.truncateSync(stage.log);
  stage.append(line(4));
  stage.watcher.check();
  assert.equal(reader.text(), lines(2, 4));
  assert.equal(stage.lost, 0);
});

Deno.test("truncated and written again to more than before: told by the changed bytes", async () => {
  await using stage = new Stage();
  stage.append(lines(1, 2));
  const reader = stage.follow();
  assert.equal(reader.text(), lines(1, 2));
  Deno.truncateSync(stage.log);
  stage.append(lines(11, 19));
  stage.watcher.check();
  assert.equal(reader.text(), lines(11, 19));
  assert.equal(stage.lost, 0);
});

Deno.test("truncated without a copy: what was seen but not read is counted as lost", async () => {
  await using stage = new Stage();
  stage.append(line(1));
  const reader = stage.follow();
  assert.equal(reader.text(), line(1));
  stage.append(lines(2, 3) + "half");
  stage.watcher.check();
  Deno.truncateSync(stage.log);
  stage.append(line(4));
  stage.watcher.check();
  assert.equal(reader.text(), line(4));
  assert.equal(stage.lost, lines(2, 3).length + 4);
});

Deno.test("a file of another log is no copy, however it begins", async () => {
  await using stage = new Stage();
  stage.append(lines(1, 30));
  const reader = stage.follow("end");
  stage.append(lines(31, 32));
  stage.watcher.check();
  Deno.writeTextFileSync(`${stage.log}.1`, lines(1, 29) + line(59) + lines(31, 40));
  Deno.truncateSync(stage.log);
  stage.watcher.check();
  assert.equal(reader.text(), "");
  assert.equal(stage.lost, lines(31, 32).length);
});

Deno.test("bytes that cannot be read though they are there are tried twice, then counted and left out", async () => {
  await using stage = new Stage();
  stage.append(lines(1, 2));
  const reader = stage.follow();
  for (let attempt = 1; attempt <= 2; attempt++) {
    const range = reader.range();
    assert(typeof range === "object");
    assert.equal(range.from, 0, `attempt ${attempt}`);
    range.failed();
  }
  stage.append(line(3));
  stage.watcher.check();
  assert.equal(reader.text(), line(3));
  assert.equal(stage.lost, lines(1, 2).length);
});

Deno.test("a slow reader behind many rotations holds few descriptors and loses nothing", async () => {
  await using stage = new Stage();
  const before = openDescriptors();
  stage.append(line(1));
  const reader = stage.follow();
  for (let i = 2; i <= 30; i++) {
    stage.rotate(`20261123-1015${i + 10}`);
    stage.append(line(i));
    stage.pass(0);
    stage.pass(3000);
  }
  assert(openDescriptors() - before <= 12, `${openDescriptors() - before} descriptors`);
  const old = `${stage.log}.20261123-101530`;
  Deno.writeFileSync(`${old}.gz`, gzipSync(Deno.readFileSync(old)));
  Deno.removeSync(old);
  assert.equal(reader.text(), lines(1, 30));
  assert.equal(stage.lost, 0);
  assert.equal(openDescriptors() - before, 1);
});

Deno.test("a large compressed file was inflated on the event loop: it is examined elsewhere, and its lines wait for that", async () => {
  const asked: string[] = [];
  const examined = Promise.withResolvers<void>();
  await using stage = new Stage({
    async examine({ path }, range) {
      asked.push(path);
      await examined.promise;
      return examineText(inMemory(gunzipSync(Deno.readFileSync(path))), range);
    },
  });
  stage.append(line(1));
  const reader = stage.follow();
  assert.equal(reader.text(), line(1));
  stage.rotate("20261123-101541");
  const large = lines(2, 10_000);
  Deno.writeFileSync(`${stage.log}.20261123-101542.gz`, gzipSync(large));
  stage.append(line(10_001));
  for (let i = 0; i < 5; i++) stage.pass(1000);
  assert.equal(reader.range(), "waiting");
  assert.equal(asked.length, 1);
  examined.resolve();
  while (reader.range() === "waiting") {
    await new Promise((resolve) => setImmediate(resolve));
    stage.pass(100);
  }
  const range = reader.range();
  assert(typeof range === "object");
  assert.equal(range.source.compressed?.path, `${stage.log}.20261123-101542.gz`);
  assert.deepEqual([range.from, range.to], [0, large.length]);
  range.given(atLine(range.to));
  stage.pass(3000);
  assert.equal(reader.text(), line(10_001));
  assert.equal(stage.lost, 0);
});

Deno.test("a compressed file that nobody can inflate holds the log up for a while, then counts as lost", async () => {
  await using stage = new Stage({ examine: () => Promise.reject(new Error("no worker")) });
  stage.append(line(1));
  const reader = stage.follow();
  assert.equal(reader.text(), line(1));
  stage.rotate("20261123-101541");
  const compressed = gzipSync(lines(2, 10_000));
  Deno.writeFileSync(`${stage.log}.20261123-101542.gz`, compressed);
  stage.append(line(10_001));
  let text = "";
  for (let i = 0; i < 60 && text === ""; i++) {
    stage.pass(1000);
    await new Promise((resolve) => setImmediate(resolve));
    text = reader.text();
  }
  assert.equal(text, line(10_001));
  assert.equal(stage.lost, compressed.length);
});

Deno.test("a hundred followers share one descriptor, which goes with the last of them", async () => {
  await using stage = new Stage();
  const before = openDescriptors();
  stage.append(line(1));
  const readers = Array.from({ length: 100 }, () => stage.follow());
  for (const reader of readers) assert.equal(reader.text(), line(1));
  assert.equal(openDescriptors() - before, 1);
  assert.equal(stage.watcher.state.files, 1);
  for (const reader of readers) reader.follower[Symbol.dispose]();
  assert.equal(openDescriptors(), before);
  assert.equal(stage.watcher.state.files, 0);
  const followers = stage.events.filter((e) => e.type === "followers").map((e) => e.change);
  assert.equal(followers.reduce((a, b) => a + b, 0), 0);
  assert.deepEqual(stage.events.filter((e) => e.type === "followed-files").map((e) => e.count), [
    1,
    0,
  ]);
});

Deno.test("a follow that is disposed of gives everything back, before and after its log is there", async (t) => {
  for (const empty of [true, false]) {
    await t.step(empty ? "before" : "after", async () => {
      await using stage = new Stage({ empty });
      const reader = stage.follow();
      assert.equal(reader.text(), "");
      reader.follower[Symbol.dispose]();
      assert.equal(stage.watcher.state.files, 0);
      assert.equal(reader.text(), "(end)");
    });
  }
});

Deno.test("a new log of the same name is another after the old one has ended", async () => {
  await using stage = new Stage();
  stage.append(line(1));
  const slow = stage.follow();
  Deno.removeSync(stage.link);
  Deno.removeSync(stage.log);
  stage.pass(0);
  stage.pass(2100);
  stage.append(line(2));
  Deno.symlinkSync(stage.log, stage.link);
  const fresh = stage.follow();
  assert.equal(fresh.text(), line(2));
  assert.equal(slow.text(), line(1) + "(end)");
});

Deno.test("an empty file is told to be Docker's when its first line is", async () => {
  await using stage = new Stage();
  const reader = stage.follow();
  stage.append('{"log":"a\\n","stream":"stdout","time":"2026-11-23T10:00:00Z"}\n');
  stage.watcher.check();
  const range = reader.range();
  assert(typeof range === "object");
  assert.equal(range.source.format, "docker");
});

Deno.test("regression: an unterminated line that was given out hides a file from its being found again by path", async () => {
  await using stage = new Stage();
  stage.append(line(1));
  const reader = stage.follow();
  let written = line(1);
  for (let i = 2; i <= 14; i++) {
    stage.append("half");
    stage.rotate(`20261123-1015${i + 10}`);
    stage.append(line(i));
    written += "half" + line(i);
    stage.pass(0);
    stage.pass(3000);
  }
  assert.equal(reader.text(), written);
  assert.equal(stage.lost, 0);
});

Deno.test("regression: a file that got its first line only after it was rotated is no new one later", async () => {
  await using stage = new Stage();
  const reader = stage.follow();
  stage.rotate("1");
  stage.watcher.check();
  stage.append(line(1), `${stage.log}.1`);
  stage.pass(0);
  stage.pass(3000);
  assert.equal(reader.text(), line(1));
  stage.append(line(2));
  stage.watcher.check();
  Deno.removeSync(stage.log);
  stage.append(line(3));
  stage.pass(0);
  stage.pass(100);
  assert.equal(reader.text(), lines(2, 3));
});

Deno.test("regression: a file that was copied, truncated and renamed between two looks is not its own copy", async () => {
  await using stage = new Stage();
  stage.append(line(1));
  const reader = stage.follow();
  stage.watcher.check();
  Deno.copyFileSync(stage.log, `${stage.log}.20261123-101530`);
  Deno.truncateSync(stage.log);
  stage.append(line(2));
  stage.rotate("20261123-101531");
  stage.append(line(3));
  stage.pass(0);
  stage.pass(100);
  assert.equal(reader.text(), lines(1, 3));
});

Deno.test("regression: a new text of the same size and time is a truncation all the same", async () => {
  await using stage = new Stage();
  stage.append(line(1));
  const time = new Date("2026-11-23T10:00:00Z");
  Deno.utimeSync(stage.log, time, time);
  const reader = stage.follow();
  assert.equal(reader.text(), line(1));
  Deno.writeTextFileSync(stage.log, line(2));
  Deno.utimeSync(stage.log, time, time);
  stage.watcher.check();
  assert.equal(reader.text(), line(2));
});

Deno.test("regression: a file that was empty when it was rotated is kept open until its last line may have come", async () => {
  await using stage = new Stage();
  stage.append(line(1));
  const reader = stage.follow();
  for (let i = 1; i <= 12; i++) {
    stage.rotate(`20261123-1015${i + 10}`);
    stage.watcher.check();
  }
  stage.append(line(2), `${stage.log}.20261123-101522`);
  stage.pass(10);
  stage.pass(100);
  assert.equal(reader.text(), lines(1, 2));
});

Deno.test("regression: beginnings of less than a line's time make no file the copy of another", async () => {
  await using stage = new Stage();
  stage.append("2026-11-23T10:00");
  Deno.writeTextFileSync(`${stage.log}.1`, line(9));
  const reader = stage.follow();
  Deno.truncateSync(stage.log);
  stage.append(line(2));
  stage.watcher.check();
  assert.equal(reader.text(), line(2));
});

Deno.test("regression: whoever joins amid a rotation misses no line that is still written to the old file", async () => {
  await using stage = new Stage();
  stage.append(line(1));
  const first = stage.follow();
  assert.equal(first.text(), line(1));
  Deno.renameSync(stage.log, `${stage.log}.20261123-101530`);
  const joined = stage.follow("end");
  stage.append(line(2), `${stage.log}.20261123-101530`);
  stage.append(line(3));
  stage.pass(0);
  stage.pass(100);
  assert.equal(first.text(), lines(2, 3));
  assert.equal(joined.text(), lines(2, 3));
});

Deno.test("regression: that the clock went back is seen though the first file was never seen to hold a line", async () => {
  await using stage = new Stage();
  const reader = stage.follow();
  stage.append(line(1));
  Deno.copyFileSync(stage.log, `${stage.log}.20261123-100001`);
  Deno.truncateSync(stage.log);
  const earlier = line(2).replace("T10:", "T09:");
  stage.append(earlier);
  stage.watcher.check();
  Deno.removeSync(stage.log);
  stage.append("");
  // Empty still, and older by its name than a file that was read.
  const empty = `${stage.log}.20261123-090002`;
  Deno.renameSync(stage.log, empty);
  stage.append("");
  stage.watcher.check();
  const late = line(3).replace("T10:", "T09:");
  stage.append(late, empty);
  stage.pass(1000);
  assert.equal(reader.text(), line(1) + earlier + late);
});
