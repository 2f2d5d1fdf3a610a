import assert from "node:assert/strict";
import { isBehindNuls, textStart } from "../../../src/files/text_start.ts";
import type { ByteSource } from "../../../src/scan/byte_source.ts";
import { bytesOf, cri, sourceOf } from "../../harness/log_text.ts";

/** NULs followed by a text, like a file with a hole. */
function sparse(nuls: number, text: string): ByteSource & { readonly reads: number } {
  const bytes = bytesOf(text);
  return {
    reads: 0,
    size: nuls + bytes.length,
    readAt(offset, into) {
      (this as { reads: number }).reads++;
      const count = Math.max(0, Math.min(into.length, nuls + bytes.length - offset));
      into.fill(0, 0, count);
      for (let i = Math.max(0, nuls - offset); i < count; i++) {
        into[i] = bytes[offset + i - nuls] ?? 0;
      }
      return count;
    },
  };
}

const KIB = 1024;
const MIB = 1024 * KIB;

const nuls: readonly number[] = [
  0,
  1,
  3,
  4,
  5,
  511,
  64 * KIB - 1,
  64 * KIB,
  64 * KIB + 1,
  4 * MIB - 1,
  4 * MIB,
  4 * MIB + 1,
  16 * MIB - 1,
  16 * MIB,
  16 * MIB + 1,
  40 * MIB + 3,
];

for (const count of nuls) {
  Deno.test(`a text begins behind ${count} NULs`, () => {
    assert.equal(textStart(sparse(count, cri(1))), count);
  });
}

Deno.test("nothing but NULs: the text begins at the end of the file", () => {
  for (const count of [1, 5000, 64 * KIB, 17 * MIB]) {
    assert.equal(textStart(sparse(count, "")), count, String(count));
  }
});

Deno.test("at most one byte is read of an empty file and of one that begins with text", () => {
  for (const text of ["", cri(1).repeat(1000)]) {
    const source = sourceOf(text);
    assert.equal(textStart(source), 0);
    assert.deepEqual(source.reads, [text === "" ? 0 : 1]);
  }
});

Deno.test("a gigabyte of NULs is not read as a whole", () => {
  const source = sparse(2 ** 30 + 7, cri(1));
  assert.equal(textStart(source), 2 ** 30 + 7);
  assert(source.reads < 100, `${source.reads} reads`);
});

Deno.test("a text that begins behind NULs does so no more when anything is written before it", () => {
  for (const start of [1, 40, 64 * KIB, 64 * KIB + 1, MIB]) {
    const bytes = bytesOf("\0".repeat(start) + cri(1));
    const source: ByteSource = {
      get size() {
        return bytes.length;
      },
      readAt(offset, into) {
        const part = bytes.subarray(offset, offset + into.length);
        into.set(part);
        return part.length;
      },
    };
    assert.ok(isBehindNuls(source, start), `${start}`);
    assert.ok(!isBehindNuls(source, start + 1), "text");
    assert.ok(!isBehindNuls(source, bytes.length + 1), "truncated");
    for (const at of [0, start - 1]) {
      bytes[at] = 65;
      assert.ok(!isBehindNuls(source, start), `${start} NULs but for one at ${at}`);
      bytes[at] = 0;
    }
  }
  assert.ok(isBehindNuls(sourceOf(cri(1)), 0));
});
