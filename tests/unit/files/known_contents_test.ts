import assert from "node:assert/strict";
import { fingerprintOf } from "../../../src/files/fingerprint.ts";
import { KnownContents, type KnownNext } from "../../../src/files/known_contents.ts";
import type { LogSegment } from "../../../src/files/log_segment.ts";
import type { RotatedContent, RotatedContents } from "../../../src/files/missed_rotations.ts";
import { criLine } from "../../harness/memory_log.ts";

const fingerprint = (text: string) => fingerprintOf(new TextEncoder().encode(text));
const timeOf = (n: number) => fingerprint(criLine(n)).time;

/** A segment with one line. */
function segment(n: number): LogSegment {
  const one = { dev: 1, ino: n, fingerprint: fingerprint(criLine(n)), lastTime: timeOf(n) };
  return one as unknown as LogSegment;
}

function content(n: number, text: string): RotatedContent {
  const [stem, size, mtimeMs] = [`0.log.${n}`, text.length, n];
  const file = { realPath: `/${stem}`, stem, dev: 1, ino: n, size, mtimeMs, compressed: false };
  return { file, fingerprint: fingerprint(text), size, compressed: false, lastTime: () => null };
}

const nothing: RotatedContents = { contents: [], failed: [] };

function next(n: number, isAtPath = true): KnownNext {
  return { dev: 1, ino: n, fingerprint: fingerprint(criLine(n)), isAtPath: () => isAtPath };
}

Deno.test("the content at the start of following and the delivered content are known", () => {
  const listed = { contents: [content(1, criLine(1))], failed: [] };
  const known = new KnownContents(segment(5), listed);
  known.remember(segment(6));
  assert.deepEqual(known.fingerprints, [fingerprint(criLine(1)), fingerprint(criLine(6))]);
  const seen = known.seen([segment(7)], next(8), [{ dev: 1, ino: 9 }]);
  assert.equal(seen.fingerprints.length, 4);
  assert.deepEqual(seen.open.map(({ ino }) => ino), [7, 8, 9]);
  assert.deepEqual(seen.beganAt, timeOf(5));
});

Deno.test("a file without a time, or that could not be read, was unread until it is written to", () => {
  const untimed = content(1, "no time\n");
  const failed = content(2, criLine(2));
  const known = new KnownContents(segment(5), {
    contents: [untimed, content(3, criLine(3))],
    failed: [{ file: failed.file, error: new Error("refused") }],
  });
  assert.ok(known.wasUnread(untimed.file));
  assert.ok(known.wasUnread(failed.file));
  assert.ok(!known.wasUnread(content(3, criLine(3)).file));
  assert.ok(!known.wasUnread({ ...failed.file, mtimeMs: 99 }));
});

Deno.test("a line earlier than the first one shows that the clock went back; it stays known", () => {
  const known = new KnownContents(segment(500), nothing);
  assert.equal(known.seen([], next(501), []).clockWentBack, false);
  assert.equal(known.seen([segment(1)], next(501), []).clockWentBack, true);
  assert.equal(known.seen([], next(502), []).clockWentBack, true);
});

Deno.test("the next file is compared only if it is not at the log's path", () => {
  const known = new KnownContents(segment(1), nothing);
  assert.equal(known.seen([], next(2), []).next, null);
  assert.equal(known.seen([], next(2, false), []).next?.ino, 2);
});

Deno.test("the newest 64 contents that no file holds any more are remembered", () => {
  const known = new KnownContents(segment(1), nothing);
  for (let n = 2; n <= 101; n++) known.remember(segment(n));
  known.forgetAbsent([fingerprint(criLine(3))]);
  assert.equal(known.fingerprints.length, 65);
  assert.deepEqual(known.fingerprints[0], fingerprint(criLine(3)), "there still");
  assert.deepEqual(known.fingerprints[1], fingerprint(criLine(38)));
});
