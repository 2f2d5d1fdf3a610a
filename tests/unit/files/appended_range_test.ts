import assert from "node:assert/strict";
import { AppendedRange, atLine, type ReadPosition } from "../../../src/files/appended_range.ts";
import { locate } from "../../../src/files/locate.ts";
import { LogFile } from "../../../src/files/log_file.ts";
import { LogSegment } from "../../../src/files/log_segment.ts";
import { criLine, criLines, logName, MemoryLog, roots } from "../../harness/memory_log.ts";

/** A range from an offset on of a log whose last line was just appended. */
function setup(from = criLines(1, 2).length) {
  const log = new MemoryLog();
  log.append(criLines(1, 2));
  const segment = new LogSegment(LogFile.open(locate(roots, logName)));
  segment.grow();
  log.append(criLine(3));
  segment.grow();
  const told: (ReadPosition | "failed")[] = [];
  const range = new AppendedRange(segment, atLine(from), segment.committed, {
    given: (position) => void told.push(position),
    failed: () => void told.push("failed"),
  });
  return {
    log,
    segment,
    range,
    told,
    [Symbol.dispose]() {
      segment[Symbol.dispose]();
      log[Symbol.dispose]();
    },
  };
}

Deno.test("a range of the lines that came last has their bytes at hand; others are to be read", () => {
  using last = setup();
  assert.equal(new TextDecoder().decode(last.range.bytes ?? undefined), criLine(3));
  assert.equal(last.range.from, criLines(1, 2).length);
  assert.equal(last.range.to, criLines(1, 3).length);
  using whole = setup(0);
  assert.equal(whole.range.bytes, null);
  last.segment.forgetFreshLines();
  assert.equal(last.range.bytes, null);
});

Deno.test("a range is intact as long as its bytes are where they were when it was taken", () => {
  using grown = setup();
  grown.log.append(criLine(4));
  assert(grown.range.isIntact());
  using truncated = setup();
  truncated.log.files.truncate(truncated.log.path);
  truncated.log.append(criLines(5, 9));
  assert(!truncated.range.isIntact());
  using parked = setup();
  parked.segment.park();
  assert(!parked.range.isIntact());
});

Deno.test("the creator of a range learns what became of it", () => {
  using setUp = setup();
  const amid = { offset: 150, skip: 2, line: null };
  setUp.range.given(amid);
  setUp.range.failed();
  assert.deepEqual(setUp.told, [amid, "failed"]);
});
