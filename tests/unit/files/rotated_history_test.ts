import assert from "node:assert/strict";
import { readFingerprint } from "../../../src/files/fingerprint.ts";
import { Examinations } from "../../../src/files/followed_gzip.ts";
import { LogFile } from "../../../src/files/log_file.ts";
import { LogSegment } from "../../../src/files/log_segment.ts";
import { type NextFile, RotatedHistory } from "../../../src/files/rotated_history.ts";
import { cannotExamine } from "../../harness/examine.ts";
import { criLine, criLines, MemoryLog } from "../../harness/memory_log.ts";

/** A log whose first segment is followed, with the rotated files that exist by then. */
class Followed implements Disposable {
  readonly log = new MemoryLog();
  readonly examinations = new Examinations(cannotExamine);
  readonly history: RotatedHistory;
  readonly first: LogSegment;
  readonly #opened: LogSegment[] = [];

  constructor(text: string, rotated: Readonly<Record<string, string>> = {}) {
    for (const [suffix, older] of Object.entries(rotated)) this.write(suffix, older);
    this.log.append(text);
    this.first = this.open();
    const report = (event: Parameters<MemoryLog["events"]["push"]>[0]) => {
      this.log.events.push(event);
    };
    this.history = new RotatedHistory(this.log.path, this.first, {
      report,
      examinations: this.examinations,
    });
  }

  write(suffix: string, text: string): void {
    this.log.files.create(this.log.path + suffix)(new TextEncoder().encode(text));
  }

  /** The file that is at the log's path now. */
  open(): LogSegment {
    const { dev, ino } = this.log.files.lstat(this.log.path);
    const segment = new LogSegment(LogFile.open({ realPath: this.log.path, dev, ino }));
    segment.grow();
    this.#opened.push(segment);
    return segment;
  }

  next(segment: LogSegment): NextFile {
    const { dev, ino } = segment;
    const fingerprint = readFingerprint(segment);
    return { dev, ino, fingerprint, isUnchanged: () => true, isAtPath: () => true };
  }

  /** The texts of the segments that were missed before the file that is now at the path. */
  missed(options = { mayGiveUp: false }): string[] {
    const missed = this.history.missed([this.first], this.next(this.open()), options);
    this.#opened.push(...missed);
    return missed.map(textOf);
  }

  [Symbol.dispose](): void {
    for (const segment of this.#opened) segment[Symbol.dispose]();
    this.examinations[Symbol.dispose]();
    this.log[Symbol.dispose]();
  }
}

function textOf(segment: LogSegment): string {
  const bytes = new Uint8Array(segment.committed);
  segment.readAt(0, bytes);
  return new TextDecoder().decode(bytes);
}

Deno.test("files that came and went between two segments are missed, in the order of their lines", () => {
  using followed = new Followed(criLine(5), { ".9": criLine(1) });
  followed.log.rename(".4");
  followed.write(".2", criLine(7));
  followed.write(".3", criLine(6));
  followed.log.append(criLine(8));
  assert.deepEqual(followed.missed(), [criLine(6), criLine(7)]);
});

Deno.test("what was there when following began, what was delivered, and copies of both are not missed", () => {
  using followed = new Followed(criLine(5), { ".9": criLine(1) });
  followed.log.rename(".4");
  followed.write(".3", criLine(1));
  followed.write(".2", criLine(5));
  followed.log.append(criLine(6));
  const middle = followed.open();
  followed.history.remember(middle);
  followed.log.rename(".1");
  followed.log.append(criLine(7));
  assert.deepEqual(followed.missed(), []);
});

Deno.test("the same rotated files as at the last comparison hold nothing unseen; another one does", () => {
  using followed = new Followed(criLine(5));
  followed.log.rename(".2");
  followed.log.append(criLine(8));
  const chain = [followed.first];
  const next = followed.next(followed.open());
  assert.deepEqual(followed.missed(), []);
  assert.equal(followed.history.hasUnseen(chain, next), false);
  followed.write(".1", criLine(6));
  assert.equal(followed.history.hasUnseen(chain, next), true);
});

Deno.test("after a truncation: the copy that holds the segment, and those that were made since", () => {
  using followed = new Followed(criLines(1, 3));
  followed.log.files.copy(followed.log.path, `${followed.log.path}.2`);
  followed.write(".1", criLine(5));
  followed.log.files.truncate(followed.log.path);
  followed.log.append(criLine(7));
  const next = followed.next(followed.open());
  const { copy, missed } = followed.history.afterTruncation([followed.first], next, {
    mayGiveUp: false,
  });
  assert.equal(copy?.holding, "all");
  assert.deepEqual(missed.map(textOf), [criLine(5)]);
  copy.source[Symbol.dispose]();
  for (const segment of missed) segment[Symbol.dispose]();
});

Deno.test("a rotated file that cannot be read holds everything up, until it is given up and counted as lost", () => {
  using followed = new Followed(criLine(5));
  followed.log.rename(".2");
  followed.write(".1", criLine(6));
  followed.log.append(criLine(8));
  const { files } = followed.log;
  const next = followed.next(followed.open());
  const open = files.openFile.bind(files);
  files.openFile = (path) => {
    if (path.endsWith(".1")) throw new Deno.errors.PermissionDenied("refused");
    return open(path);
  };
  const ask = (mayGiveUp: boolean) =>
    followed.history.missed([followed.first], next, { mayGiveUp });
  assert.throws(() => ask(false), /may not read it/);
  assert.deepEqual(followed.log.lost, {});
  assert.deepEqual(ask(true), []);
  assert.deepEqual(followed.log.lost, { unreadable: criLine(6).length });
});

Deno.test("a file that changes while the rotated ones are read is met at the next check", () => {
  using followed = new Followed(criLine(5));
  const next = { ...followed.next(followed.open()), isUnchanged: () => false };
  const ask = () => followed.history.missed([followed.first], next, { mayGiveUp: true });
  assert.throws(ask, /it is being rotated/);
});
