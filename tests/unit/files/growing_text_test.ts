import assert from "node:assert/strict";
import { readFingerprint } from "../../../src/files/fingerprint.ts";
import { GrowingText } from "../../../src/files/growing_text.ts";
import { locate } from "../../../src/files/locate.ts";
import { LogFile, type LogSource } from "../../../src/files/log_file.ts";
import { sourceOf } from "../../harness/log_text.ts";
import { criLine, criLines, logName, MemoryLog, roots } from "../../harness/memory_log.ts";

const stateOf = ({ known: { start, committed, seen }, unread, end }: GrowingText) => ({
  start,
  committed,
  seen,
  unread,
  end,
});

/** What happens to the file between two examinations, the result, and where the whole lines then end. */
const table: readonly [string, (log: MemoryLog) => void, string, number][] = [
  ["nothing", () => {}, "same", 3],
  ["a line", (log) => log.append(criLine(4)), "grown", 4],
  ["half a line", (log) => log.append(criLine(4).slice(0, 20)), "same", 3],
  ["a line and a half", (log) => log.append(criLine(4) + criLine(5).slice(0, 20)), "grown", 4],
  ["truncated", (log) => log.files.truncate(log.path), "truncated", 3],
  [
    "truncated and written to less",
    (log) => {
      log.files.truncate(log.path);
      log.append(criLine(4));
    },
    "truncated",
    3,
  ],
  [
    "truncated and written to the very same size",
    (log) => {
      log.files.truncate(log.path);
      log.append(criLines(4, 6));
    },
    "truncated",
    3,
  ],
  [
    "truncated and written to more",
    (log) => {
      log.files.truncate(log.path);
      log.append(criLines(4, 9));
    },
    "truncated",
    3,
  ],
  [
    "renamed and written to",
    (log) => {
      const append = log.rename(".1");
      append(criLine(4));
    },
    "grown",
    4,
  ],
];

for (const [title, happen, change, lines] of table) {
  Deno.test(`a growing text, after: ${title}: ${change}`, () => {
    using log = new MemoryLog();
    log.append(criLines(1, 3));
    using file = LogFile.open(locate(roots, logName));
    const text = new GrowingText();
    assert.equal(text.grow(file, {}), "grown");
    happen(log);
    assert.equal(text.grow(file, {}), change);
    assert.equal(text.known.committed, criLines(1, lines).length);
    assert.equal(text.isIntact(file), change !== "truncated");
  });
}

Deno.test("a growing text: the lines that came last are at hand until they are forgotten", () => {
  using log = new MemoryLog();
  using file = LogFile.open(locate(roots, logName));
  const text = new GrowingText();
  const fresh = (from: number) => {
    const bytes = text.freshLines(from);
    return bytes === null ? null : new TextDecoder().decode(bytes);
  };
  log.append(criLine(1));
  text.grow(file, {});
  assert.equal(fresh(0), criLine(1));
  const from = criLine(1).length;
  log.append(criLines(2, 3));
  text.grow(file, {});
  assert.equal(fresh(0), null, "those before are others");
  assert.equal(fresh(from), criLines(2, 3));
  text.forgetFreshLines();
  assert.equal(fresh(from), null);
});

Deno.test("a growing text: the last time is that of the last whole line", () => {
  using log = new MemoryLog();
  using file = LogFile.open(locate(roots, logName));
  const text = new GrowingText();
  const seconds = () => text.lastTime?.seconds ?? null;
  assert.equal(seconds(), null);
  log.append(criLines(1, 2) + criLine(9).slice(0, 40));
  text.grow(file, {});
  assert.equal(seconds(), Date.UTC(2026, 10, 23, 10, 0, 2) / 1000);
});

Deno.test("a growing text: however much arrives without a line end, it is read one step at a time", () => {
  using log = new MemoryLog();
  using file = LogFile.open(locate(roots, logName));
  const text = new GrowingText();
  log.append(criLine(1) + "x".repeat(20 * 2 ** 20));
  const steps: number[] = [];
  do {
    const before = text.known.seen;
    text.grow(file, {});
    steps.push(text.known.seen - before);
  } while (text.unread > 0);
  assert.equal(text.known.seen, text.fileSize);
  assert(steps.every((bytes) => bytes > 0 && bytes <= 8 * 2 ** 20), steps.join());
});

const whole = criLines(1, 30) + criLine(31).slice(0, 40);
/** How much of `whole` each text holds. */
const holders: readonly [string, string, "all" | "beginning" | "nothing"][] = [
  ["the same text", whole, "all"],
  ["the whole lines alone", criLines(1, 30), "all"],
  ["the text, grown further", criLines(1, 40), "all"],
  ["a copy that was made before the last lines came", criLines(1, 20), "beginning"],
  ["as much text with other lines at its end", criLines(1, 20) + criLines(51, 70), "nothing"],
  ["nothing", "", "beginning"],
];

for (const [title, held, holding] of holders) {
  Deno.test(`how much of a text a file holds: ${title}: ${holding}`, () => {
    const text = new GrowingText();
    text.grow(inFile(whole), {});
    assert.equal(text.heldBy(inFile(held)), holding);
  });
}

Deno.test("a text that moves to a copy that holds less is known to have had more", () => {
  const text = new GrowingText();
  text.grow(inFile(whole), {});
  text.moveTo(inFile(criLines(1, 20)), "beginning");
  const { length } = criLines(1, 20);
  assert.deepEqual(stateOf(text), {
    start: 0,
    committed: length,
    seen: length,
    unread: 0,
    end: whole.length,
  });
});

Deno.test("a committed unterminated line counts as a line, and the text after it as the next", () => {
  const text = new GrowingText();
  text.grow(inFile(whole), {});
  text.commitAll();
  assert.equal(text.known.committed, whole.length);
  assert.equal(text.grow(inFile(whole + criLine(31).slice(40)), {}), "grown");
  assert.equal(text.known.committed, criLines(1, 31).length);
});

function inFile(text: string): LogSource {
  const { size, readAt } = sourceOf(text);
  return { size, readAt, path: "", dev: 1, ino: 1, format: "cri", [Symbol.dispose]() {} };
}

Deno.test("a forgotten text is read again, and an empty file then counts as truncated", () => {
  using log = new MemoryLog();
  using file = LogFile.open(locate(roots, logName));
  log.append(criLine(1));
  const text = new GrowingText();
  text.grow(file, {});
  text.forget();
  assert.deepEqual(stateOf(text), { start: 0, committed: 0, seen: 0, unread: 42, end: 0 });
  assert.equal(text.fingerprint.prefix.length, 0);
  assert.equal(text.grow(file, {}), "grown");
  text.forget();
  log.files.truncate(log.path);
  assert.equal(text.grow(file, {}), "truncated");
});

Deno.test("regression: the NULs before a text were searched three times in the turn of the event loop that first saw it", () => {
  const MIB = 2 ** 20;
  const nuls = 64 * MIB;
  const line = new TextEncoder().encode(criLine(1));
  let read = 0;
  const source: LogSource = {
    ...{ path: "", dev: 1, ino: 1, format: "cri", size: nuls + line.length },
    readAt(offset, into) {
      const count = Math.max(0, Math.min(into.length, nuls + line.length - offset));
      into.fill(0, 0, count);
      const begin = Math.max(0, nuls - offset);
      if (begin < count) {
        into.set(line.subarray(offset + begin - nuls, offset + count - nuls), begin);
      }
      read += count;
      return count;
    },
    [Symbol.dispose]() {},
  };
  const text = new GrowingText();
  assert.equal(text.grow(source, {}), "grown");
  assert.equal(text.known.start, nuls);
  assert.equal(text.fingerprint.start, nuls);
  assert.ok(read < 5 * MIB, `${read} bytes read`);
});

Deno.test("a text that was nothing but NULs when it was seen first begins where a copy of it begins", () => {
  const text = new GrowingText();
  text.grow(logOf("\0".repeat(100)), {});
  text.grow(logOf("\0".repeat(200) + criLine(1)), {});
  assert.equal(text.fingerprint.start, 200);
  assert.ok(text.mayBeHeldBy(readFingerprint(sourceOf("\0".repeat(200) + criLine(1)))));
});

function logOf(content: string): LogSource {
  const { size, readAt } = sourceOf(content);
  return { size, readAt, path: "", dev: 1, ino: 1, format: "cri", [Symbol.dispose]() {} };
}
