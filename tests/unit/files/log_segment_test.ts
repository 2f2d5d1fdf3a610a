import assert from "node:assert/strict";
import { locate } from "../../../src/files/locate.ts";
import { LogFile } from "../../../src/files/log_file.ts";
import { LogSegment } from "../../../src/files/log_segment.ts";
import { criLine, criLines, logName, MemoryLog, roots } from "../../harness/memory_log.ts";

const half = criLine(3).slice(0, 40);

/** A segment that has seen two and a half lines, and its log. */
function seen(): { log: MemoryLog; segment: LogSegment } & Disposable {
  const log = new MemoryLog();
  log.append(criLines(1, 2) + half);
  const segment = new LogSegment(LogFile.open(locate(roots, logName)));
  segment.grow();
  return {
    log,
    segment,
    [Symbol.dispose]() {
      segment[Symbol.dispose]();
      log[Symbol.dispose]();
    },
  };
}

function copyAt(log: MemoryLog, text: string): LogFile {
  const path = `${log.path}.1`;
  log.files.create(path)(new TextEncoder().encode(text));
  const { dev, ino } = log.files.lstat(path);
  return LogFile.open({ realPath: path, dev, ino });
}

const lines = criLines(1, 2).length;

/** What happens in each stage to the unterminated line, and to later writes. */
const stages: readonly [string, (segment: LogSegment) => void, number, string, number][] = [
  ["open", () => {}, lines, "grown", criLines(1, 3).length],
  ["closing", (s) => s.close(5), lines, "grown", criLines(1, 3).length],
  ["settled", (s) => s.settle(), lines + half.length, "grown", criLines(1, 3).length],
  ["finished", (s) => s.finish(), lines + half.length, "same", lines + half.length],
];

for (const [stage, enter, committed, change, later] of stages) {
  Deno.test(`a segment that is ${stage}: half a line at its end, and its rest that comes late`, () => {
    using setup = seen();
    const { log, segment } = setup;
    enter(segment);
    assert.equal(segment.stage, stage);
    assert.equal(segment.committed, committed);
    assert.equal(segment.hasUnterminatedLine, committed === lines);
    log.append(criLine(3).slice(40));
    assert.equal(segment.peek(), change);
    assert.equal(segment.committed, later);
  });
}

Deno.test("a segment is closed at the given moment", () => {
  using setup = seen();
  setup.segment.close(1234);
  assert.equal(setup.segment.closedAt, 1234);
});

/** What happens to a segment's bytes after reading them, and whether they are then still its own. */
const intact: readonly [string, (setup: ReturnType<typeof seen>) => void, boolean][] = [
  ["nothing", () => {}, true],
  ["more is written", ({ log }) => log.append(criLine(3).slice(40)), true],
  ["the file is renamed", ({ log }) => void log.rename(".1"), true],
  ["the file is truncated", ({ log }) => log.files.truncate(log.path), false],
  ["the file is truncated and written to more", ({ log }) => {
    log.files.truncate(log.path);
    log.append(criLines(5, 9));
  }, false],
  ["its descriptor is given back", ({ segment }) => segment.park(), false],
  ["its bytes come from a copy, which holds the same", ({ log, segment }) => {
    const source = copyAt(log, criLines(1, 2));
    segment.replaceSource({ source, holding: "all" })?.[Symbol.dispose]();
  }, false],
];

for (const [title, happen, expected] of intact) {
  Deno.test(`bytes that were read before: ${title}: they are ${expected ? "" : "not "}to be given out`, () => {
    using setup = seen();
    const { epoch } = setup.segment;
    happen(setup);
    assert.equal(setup.segment.isIntact(epoch), expected);
  });
}

Deno.test("a truncation gives the file away, and the bytes come from the copy", () => {
  using setup = seen();
  const { log, segment } = setup;
  const copy = copyAt(log, criLines(1, 2) + half);
  using former = segment.replaceSource({ source: copy, holding: "all" });
  assert.equal(former?.path, log.path);
  assert.equal(segment.path, `${log.path}.1`);
  assert.equal(segment.ino, copy.ino);
  assert.equal(segment.committed, lines);
  assert.equal(segment.isIntact(segment.epoch), true);
});

Deno.test("a finished segment's copy counts to its very end, and the missing part is known", () => {
  using setup = seen();
  const { log, segment } = setup;
  segment.finish();
  const source = copyAt(log, criLine(1));
  segment.replaceSource({ source, holding: "beginning" })?.[Symbol.dispose]();
  assert.equal(segment.committed, criLine(1).length);
  assert.equal(segment.knownEnd, lines + half.length);
});

Deno.test("a segment without a source: parked until it is found, or lost with its cause", () => {
  using setup = seen();
  const { segment } = setup;
  segment.park();
  assert.deepEqual([segment.isParked, segment.isLost], [true, false]);
  assert.equal(segment.grow(), "same");
  segment.replaceSource(null);
  assert.deepEqual([segment.isParked, segment.isLost, segment.lossCause], [false, true, "removed"]);
  assert.equal(segment.readAt(0, new Uint8Array(9)), 0);
});
