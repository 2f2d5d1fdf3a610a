import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import type { TextRange } from "../../../src/files/examined_text.ts";
import { examineText } from "../../harness/examine.ts";
import { readFingerprint } from "../../../src/files/fingerprint.ts";
import { Examinations, StillInflating } from "../../../src/files/followed_gzip.ts";
import { listRotatedFiles, type RotatedFile } from "../../../src/files/rotated_files.ts";
import { inMemory } from "../../../src/scan/byte_source.ts";
import { criLine, criLines, MemoryLog } from "../../harness/memory_log.ts";

/** A log with one compressed rotated file, and what is examined of it elsewhere. */
class Compressed implements Disposable {
  readonly log = new MemoryLog();
  readonly asked: (TextRange | null)[] = [];
  readonly examinations: Examinations;
  failure: Error | null = null;

  constructor(text: string) {
    const bytes = new TextEncoder().encode(text);
    this.log.files.create(`${this.log.path}.1.gz`)(gzipSync(bytes));
    this.examinations = new Examinations((_file, range) => {
      this.asked.push(range);
      return this.failure === null
        ? Promise.resolve(examineText(inMemory(bytes), range))
        : Promise.reject(this.failure);
    });
  }

  get file(): RotatedFile {
    return listRotatedFiles(this.log.path)[0] ?? assert.fail("no rotated file");
  }

  /** Asks again each time the requested information has become known. */
  async eventually<T>(ask: () => T): Promise<T> {
    for (;;) {
      try {
        return ask();
      } catch (error) {
        if (!(error instanceof StillInflating)) throw error;
        await error.ready;
      }
    }
  }

  [Symbol.dispose](): void {
    this.examinations[Symbol.dispose]();
    this.log[Symbol.dispose]();
  }
}

/** More than is inflated in place. */
const large = criLine(1) + criLine(2).repeat(20_000);

Deno.test("a small text is read here; nothing is asked elsewhere", () => {
  using setup = new Compressed(criLines(1, 9));
  using source = setup.examinations.open(setup.file);
  assert.equal(source.size, criLines(1, 9).length);
  assert.equal(source.compressed, undefined);
  const bytes = new Uint8Array(source.size);
  source.readAt(0, bytes);
  assert.equal(new TextDecoder().decode(bytes), criLines(1, 9));
  assert.deepEqual(setup.asked, []);
});

Deno.test("a large text is examined elsewhere, and the known content is queried once", async () => {
  using setup = new Compressed(large);
  using source = setup.examinations.open(setup.file);
  assert.deepEqual(
    readFingerprint(source).time,
    readFingerprint(inMemory(new TextEncoder().encode(criLine(1)))).time,
  );
  assert.deepEqual(setup.asked, [], "its beginning shows it");
  assert.throws(() => source.size, StillInflating);
  assert.equal(await setup.eventually(() => source.size), large.length);
  const into = new Uint8Array(5);
  await setup.eventually(() => source.readAt(3, into));
  using again = setup.examinations.open(setup.file);
  assert.equal(again.size, large.length);
  assert.equal(again.readAt(3, into), 5);
  assert.equal(new TextDecoder().decode(into), large.slice(3, 8));
  assert.deepEqual(setup.asked, [null, { from: 3, to: 8 }]);
});

Deno.test("texts that are inflated in one turn of the event loop have a budget: beyond it they are examined elsewhere", async () => {
  using setup = new Compressed("x".repeat(250 * 1024));
  let asked = false;
  for (let i = 0; i < 100 && !asked; i++) {
    using source = setup.examinations.open(setup.file);
    asked = source.compressed !== undefined;
    if (asked) assert.ok(i * 250 * 1024 <= 4 * 2 ** 20, `${i} texts were inflated at once`);
  }
  assert.ok(asked, "as many as wanted were inflated at once");
  await new Promise((resolve) => setTimeout(resolve));
  using source = setup.examinations.open(setup.file);
  assert.equal(source.compressed, undefined, "the budget is that of one turn");
});

Deno.test("a file that cannot be inflated elsewhere says so, and is not asked for again and again", async () => {
  using setup = new Compressed(large);
  setup.failure = new Error("the disk is on fire");
  using source = setup.examinations.open(setup.file);
  await assert.rejects(setup.eventually(() => source.size), /Cannot inflate .*unexpected error/);
  assert.throws(() => source.size, /Cannot inflate/);
  assert.equal(setup.asked.length, 1);
});
