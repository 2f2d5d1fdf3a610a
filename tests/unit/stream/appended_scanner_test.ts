import assert from "node:assert/strict";
import { createScanner } from "../../../src/scan/scan.ts";
import { AppendedScanner, SHARED_BYTES } from "../../../src/stream/appended_scanner.ts";
import { criLines, dockerLine } from "../../harness/log_tree.ts";

const MAX_RECORD_BYTES = 2 ** 20;
const encode = (text: string) => new TextEncoder().encode(text);

Deno.test("appended lines of both formats give the same result as any scan", async () => {
  const scanner = await AppendedScanner.create(MAX_RECORD_BYTES);
  for (
    const [format, text] of [
      ["cri", criLines(20)],
      ["docker", dockerLine("2024-10-01T05:00:00Z", "one")],
    ] as const
  ) {
    const bytes = encode(text);
    const reference = await createScanner({
      format,
      direction: "forward",
      grep: "",
      maxRecordBytes: MAX_RECORD_BYTES,
    });
    const expected = reference.scan(bytes, 0, bytes.length, { budget: Infinity }).frames;
    const { frames, resume } = scanner.scan(format, bytes, { skip: 0, isShared: false });
    assert.deepEqual([...frames], [...expected]);
    assert.equal(resume, null);
  }
});

Deno.test("the same bytes are scanned once for everyone who shares them, and for nobody else", async () => {
  const scanner = await AppendedScanner.create(MAX_RECORD_BYTES);
  const bytes = encode(criLines(20));
  const first = scanner.scan("cri", bytes, { skip: 0, isShared: true });
  assert.equal(scanner.scan("cri", bytes, { skip: 0, isShared: true }), first);
  assert.notEqual(scanner.scan("cri", bytes, { skip: 0, isShared: false }), first);
  assert.notEqual(scanner.scan("cri", bytes, { skip: 1, isShared: true }), first);
  assert.notEqual(scanner.scan("cri", bytes.slice(), { skip: 0, isShared: true }), first);
});

Deno.test("large frames are not shared: whoever gets them may keep their buffer", async () => {
  const scanner = await AppendedScanner.create(MAX_RECORD_BYTES);
  const bytes = encode(criLines(2000));
  const first = scanner.scan("cri", bytes, { skip: 0, isShared: true });
  assert.ok(first.frames.length > SHARED_BYTES);
  assert.notEqual(scanner.scan("cri", bytes, { skip: 0, isShared: true }), first);
});

Deno.test("more than one result holds is left for the next", async () => {
  const scanner = await AppendedScanner.create(MAX_RECORD_BYTES);
  const bytes = encode(criLines(20_000));
  let records = 0;
  let results = 0;
  for (let left: Uint8Array = bytes, skip = 0;; results++) {
    const result = scanner.scan("cri", left, { skip, isShared: false });
    records += result.records;
    if (result.resume === null) break;
    left = left.subarray(result.resume.offset);
    skip = result.resume.skip;
  }
  assert.equal(records, 20_000);
  assert.ok(results > 1);
});
