import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { lstat } from "../../../src/platform/files.ts";
import { openDescriptors } from "../../harness/open_descriptors.ts";
import { InflatedFiles, OpenFiles } from "../../../src/pool/open_files.ts";

function textAt(files: InflatedFiles, path: string): string | null {
  const { dev, ino } = lstat(path);
  const bytes = files.get({ path, dev, ino });
  if (bytes === null) return null;
  const into = new Uint8Array(bytes.size);
  bytes.readAt(0, into);
  return Buffer.from(into).toString();
}

/** Without file name and time, texts of equal length give files of equal size. */
const compressed = (text: string) => gzipSync(Buffer.from(text), { level: 0 });

Deno.test("a compressed file that takes another's place, name, size and perhaps inode is read as itself", () => {
  const folder = Deno.makeTempDirSync({ prefix: "inflated-" });
  try {
    const path = `${folder}/0.log.20241001-050010.gz`;
    const files = new InflatedFiles();
    for (let i = 0; i < 20; i++) {
      const text = `text of pod ${String(i).padStart(3, "0")}`;
      Deno.writeFileSync(path, compressed(text));
      assert.equal(textAt(files, path), text);
      // On ext4, the next file gets the inode at once, unless somebody holds this one open.
      Deno.removeSync(path);
    }
    files.close();
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("a compressed file that was still being written is inflated again when it has grown", () => {
  const folder = Deno.makeTempDirSync({ prefix: "inflated-" });
  try {
    const path = `${folder}/0.log.20241001-050010.gz`;
    const files = new InflatedFiles();
    Deno.writeFileSync(path, compressed("first "));
    assert.equal(textAt(files, path), "first ");
    Deno.writeFileSync(path, compressed("second"), { append: true });
    assert.equal(textAt(files, path), "first second");
    files.close();
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("if an inflated file is no longer at its path, the open one is read, not a new one", () => {
  const folder = Deno.makeTempDirSync({ prefix: "inflated-" });
  try {
    const path = `${folder}/abc-json.log.1.gz`;
    Deno.writeFileSync(path, compressed("text"));
    const { dev, ino } = lstat(path);
    const files = new InflatedFiles();
    assert.equal(textAt(files, path), "text");
    Deno.renameSync(path, `${folder}/abc-json.log.2.gz`);
    assert.notEqual(files.get({ path, dev, ino }), null);
    files.close();
    assert.equal(files.get({ path, dev, ino }), null);
    Deno.symlinkSync(`${folder}/abc-json.log.2.gz`, path);
    assert.equal(files.get({ path, dev, ino }), null);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("the four most recently read files stay open, and none after closing", () => {
  const folder = Deno.makeTempDirSync({ prefix: "open-files-" });
  const before = openDescriptors();
  const files = new OpenFiles();
  const identities = Array.from({ length: 6 }, (_, i) => {
    const path = `${folder}/${i}.log`;
    Deno.writeTextFileSync(path, `text ${i}`);
    const { dev, ino } = lstat(path);
    return { path, dev, ino };
  });
  const textOf = (i: number) => {
    const into = new Uint8Array(20);
    const source = files.get(identities[i]!);
    return source === null
      ? null
      : Buffer.from(into.subarray(0, source.readAt(0, into))).toString();
  };
  try {
    for (const i of [0, 1, 2, 3, 0, 4, 5]) assert.equal(textOf(i), `text ${i}`);
    assert.equal(openDescriptors() - before, 4);
    for (const { path } of identities) Deno.removeSync(path);
    assert.deepEqual([0, 1, 2, 3, 4, 5].map(textOf), [
      "text 0",
      null,
      null,
      "text 3",
      "text 4",
      "text 5",
    ]);
  } finally {
    files.close();
    assert.equal(openDescriptors(), before);
    Deno.removeSync(folder, { recursive: true });
  }
});
