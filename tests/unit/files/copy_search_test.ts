import assert from "node:assert/strict";
import { findCopy } from "../../../src/files/copy_search.ts";
import { LogFile } from "../../../src/files/log_file.ts";
import { LogSegment } from "../../../src/files/log_segment.ts";
import { readRotatedContents } from "../../../src/files/missed_rotations.ts";
import { openRotatedFile, type RotatedFile } from "../../../src/files/rotated_files.ts";
import { criLine, criLines, MemoryLog } from "../../harness/memory_log.ts";

/** Searches rotated files for a log's content. Returns the end of the found file's name, and how much it holds. */
function search(
  held: string,
  rotated: Readonly<Record<string, string>>,
  { others = [], open = openRotatedFile }: {
    /** Ends of the names of files that are known to be others. */
    readonly others?: readonly string[];
    readonly open?: typeof openRotatedFile;
  } = {},
): string {
  using log = new MemoryLog();
  log.append(held);
  const { dev, ino } = log.files.lstat(log.path);
  using segment = new LogSegment(LogFile.open({ realPath: log.path, dev, ino }));
  segment.grow();
  for (const [suffix, text] of Object.entries(rotated)) {
    log.files.create(log.path + suffix)(new TextEncoder().encode(text));
  }
  const { contents } = readRotatedContents(log.path, openRotatedFile);
  const known = contents.filter(({ file }) => others.some((one) => file.realPath.endsWith(one)));
  const fingerprints = known.map(({ fingerprint }) => fingerprint);
  const found = findCopy(segment, contents, { others: fingerprints, open });
  found?.source[Symbol.dispose]();
  return found === null ? "none" : `${found.file.realPath.slice(log.path.length)} ${found.holding}`;
}

Deno.test("a copy of a whole segment is preferred to a larger copy of its beginning", () => {
  const rotated = { ".2": criLine(1), ".1": criLines(1, 3) };
  assert.equal(search(criLines(1, 3), rotated), ".1 all");
  assert.equal(search(criLines(1, 9), rotated), ".1 beginning");
  assert.equal(search(criLines(1, 9), { ".2": criLines(1, 3), ".1": criLine(1) }), ".2 beginning");
});

Deno.test("a file that begins or continues differently holds none of it", () => {
  assert.equal(search(criLines(1, 3), { ".1": criLines(2, 3) }), "none");
  assert.equal(search(criLines(1, 3), { ".1": criLine(1) + criLines(7, 9) }), "none");
});

Deno.test("a beginning without a time is found in no file that is known otherwise", () => {
  assert.equal(search("x\n", { ".1": "x\ny\n" }), ".1 all");
  assert.equal(search("x\n", { ".1": "x\ny\n" }, { others: [".1"] }), "none");
});

Deno.test("if one cannot be read, the error is thrown and the files found before are closed", () => {
  const open = (file: RotatedFile) => {
    if (file.realPath.endsWith(".2")) throw new Error("refused");
    return openRotatedFile(file);
  };
  const rotated = { ".2": criLines(1, 3), ".1": criLine(1) };
  assert.throws(() => search(criLines(1, 3), rotated, { open }), /refused/);
});
