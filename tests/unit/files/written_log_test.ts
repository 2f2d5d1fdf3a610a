import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import type { ExamineCompressed } from "../../../src/files/followed_gzip.ts";
import { locate } from "../../../src/files/locate.ts";
import { LogFile } from "../../../src/files/log_file.ts";
import { WrittenLog } from "../../../src/files/written_log.ts";
import { cannotExamine, examineText } from "../../harness/examine.ts";
import { sourceOf } from "../../harness/log_text.ts";
import { criLine, criLines, logName, MemoryLog, roots } from "../../harness/memory_log.ts";
import { Random } from "../../harness/random.ts";

function open(examine: ExamineCompressed = cannotExamine): WrittenLog {
  return new WrittenLog(LogFile.open(locate(roots, logName)), examine);
}

/** The log's current content up to its end; if it is not intact, moves to a copy. */
async function read(written: WrittenLog): Promise<string> {
  for (;;) {
    const { epoch } = written;
    const bytes = new Uint8Array(written.end);
    const count = written.readAt(0, bytes);
    if (written.end === 0) return "";
    if (written.isIntact(epoch)) return new TextDecoder().decode(bytes.subarray(0, count));
    await written.moveToCopy();
  }
}

const text = criLines(1, 20) + criLine(21).slice(0, 40);

/** What happens between opening and reading, and what is then read. */
const table: readonly [string, (log: MemoryLog) => void, string][] = [
  ["nothing", () => {}, text],
  ["it grows", (log) => log.append(criLine(21).slice(40) + criLine(22)), text],
  ["it is renamed, and another begins", (log) => log.rename(".1")(criLine(22)), text],
  ["it is removed", (log) => log.files.remove(log.path), text],
  ["copied and truncated", (log) => log.copyTruncate(".1"), text],
  ["copied, truncated and written to less", (log) => {
    log.copyTruncate(".1");
    log.append(criLines(50, 55));
  }, text],
  ["copied, truncated and written to more", (log) => {
    log.copyTruncate(".1");
    log.append(criLines(50, 90));
  }, text],
  ["copied, truncated and renamed", (log) => {
    log.copyTruncate(".1");
    log.append(criLines(50, 90));
    log.rename(".0");
  }, text],
  ["the copy is compressed", (log) => {
    log.copyTruncate(".1");
    log.append(criLines(50, 90));
    log.files.compress(`${log.path}.1`, `${log.path}.1.gz`);
    log.files.remove(`${log.path}.1`);
  }, text],
  ["the copy has lines that came later", (log) => {
    log.append(criLine(21).slice(40) + criLine(22));
    log.copyTruncate(".1");
  }, text],
  ["the copy lacks the last lines", (log) => {
    log.files.create(`${log.path}.1`)(new TextEncoder().encode(criLines(1, 10)));
    log.files.truncate(log.path);
    log.append(criLines(50, 90));
  }, criLines(1, 10)],
  ["the copy of another log lies there", (log) => {
    log.files.create(`${log.path}.1`)(new TextEncoder().encode(criLines(2, 30)));
    log.files.truncate(log.path);
    log.append(criLines(50, 90));
  }, ""],
  ["truncated without a copy", (log) => {
    log.files.truncate(log.path);
    log.append(criLines(50, 90));
  }, ""],
];

for (const [title, happen, expected] of table) {
  Deno.test(`a log as it was when it was opened, though since then: ${title}`, async () => {
    using log = new MemoryLog();
    log.append(text);
    using written = open();
    assert.equal(written.size, text.length);
    happen(log);
    assert.equal(await read(written), expected);
    assert.equal(written.size, text.length, "the size is that at the opening");
    assert.equal(written.end, expected.length);
  });
}

Deno.test("a log as it was: a large copy that was compressed is examined elsewhere", async () => {
  using log = new MemoryLog();
  const chance = new Random(1); // Data that hardly compresses.
  const random = Array.from({ length: 30_000 }, () => chance.next().toString(36)).join("");
  const large = criLine(1) + criLine(2).replace("F 2", `F ${random}`) + criLine(3);
  log.append(large);
  let examined = 0;
  using written = open((_file, range) => {
    examined++;
    return Promise.resolve(examineText(sourceOf(large), range));
  });
  log.files.create(`${log.path}.1.gz`)(gzipSync(large));
  log.files.truncate(log.path);
  const { epoch } = written;
  assert(!written.isIntact(epoch));
  await written.moveToCopy();
  assert(examined > 0, "it was inflated on the event loop");
  assert.equal(written.end, large.length);
  assert.equal(written.compressed?.path, `${log.path}.1.gz`);
  assert(written.isIntact(written.epoch));
});

Deno.test("a log as it was: if it is disposed of during the search for its copy, nothing stays open", async () => {
  using log = new MemoryLog();
  log.append(text);
  const written = open();
  log.copyTruncate(".1");
  const moving = written.moveToCopy();
  written[Symbol.dispose]();
  await moving;
});

Deno.test("a log as it was: the search ends even if the copies are truncated in turn", async () => {
  using log = new MemoryLog();
  log.append(text);
  using written = open();
  let moves = 0;
  log.copyTruncate(".1");
  for (let n = 2; written.end > 0; n++) {
    await written.moveToCopy();
    if (written.end === 0) break;
    moves++;
    log.files.copy(`${log.path}.${n - 1}`, `${log.path}.${n}`);
    log.files.truncate(`${log.path}.${n - 1}`);
    assert(!written.isIntact(written.epoch));
  }
  assert.equal(moves, 3);
});
