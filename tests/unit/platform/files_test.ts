import assert from "node:assert/strict";
import {
  fileErrorKind,
  lstat,
  openFile,
  readLink,
  readNames,
  stat,
} from "../../../src/platform/files.ts";

Deno.test("links are followed by stat and not by lstat; reads are whole", () => {
  const folder = Deno.makeTempDirSync();
  try {
    const [file, link] = [`${folder}/file`, `${folder}/link`];
    Deno.writeTextFileSync(file, "0123456789");
    Deno.symlinkSync("file", link);
    assert.deepEqual([stat(link).isFile, lstat(link).isSymlink], [true, true]);
    assert.equal(stat(link).ino, lstat(file).ino);
    assert.equal(readLink(link), "file");
    const open = openFile(link);
    const into = new Uint8Array(8);
    assert.equal(open.readAt(6, into), 4);
    assert.equal(new TextDecoder().decode(into.subarray(0, 4)), "6789");
    assert.equal(open.readAt(10, into), 0);
    assert.equal(open.facts().size, 10);
    assert.equal(open.size(), 10);
    assert.equal(open.readAt(6, into), 4, "to ask for the size moves no reader");
    open.close();
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("errors by kind: a path through a file does not exist", () => {
  const folder = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(`${folder}/file`, "");
    const kindOf = (path: string): string | null => {
      try {
        stat(path);
        return null;
      } catch (error) {
        return fileErrorKind(error);
      }
    };
    assert.equal(kindOf(`${folder}/none`), "not-found");
    assert.equal(kindOf(`${folder}/file/below`), "not-found");
    Deno.symlinkSync("circle", `${folder}/circle`);
    assert.equal(kindOf(`${folder}/circle`), "other");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("regression: a very large folder was read in one turn of the event loop", async () => {
  const folder = Deno.makeTempDirSync();
  try {
    const names = Array.from({ length: 5000 }, (_, i) => `${"x".repeat(150)}${i}`).sort();
    assert.deepEqual(readNames(folder), []);
    for (const name of names) Deno.writeTextFileSync(`${folder}/${name}`, "");
    const read = readNames(folder);
    // Not on every file system does a folder's own size show how much is in it.
    assert.equal(read instanceof Promise, Deno.statSync(folder).size > 256 * 1024);
    assert.deepEqual((await read).sort(), names);
    assert.throws(() => readNames(`${folder}/none`), Deno.errors.NotFound);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
