import assert from "node:assert/strict";
import { cannotExamine } from "../../harness/examine.ts";
import { gzipSync } from "node:zlib";
import { Failure } from "../../../src/failure/failure.ts";
import { filesOf, isNoContainerLog, openInput } from "../../../src/local_search/inputs.ts";
import { criLine } from "../../harness/log_tree.ts";

const CRI = criLine("2024-10-01T05:00:00Z", "hello");
const DOCKER = '{"log":"hello\\n","stream":"stdout","time":"2024-10-01T05:00:00Z"}\n';

/** A folder for a test, removed with the object. */
function newFolder(): Disposable & { readonly path: string } {
  const path = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "inputs-" }));
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

Deno.test("a path means itself or all files below it, in order, each once, links followed", () => {
  using folder = newFolder();
  const { path } = folder;
  Deno.mkdirSync(`${path}/pods/b`, { recursive: true });
  for (const name of ["pods/z.log", "pods/b/0.log", "a.log"]) {
    Deno.writeTextFileSync(`${path}/${name}`, CRI);
  }
  Deno.symlinkSync(`${path}/pods/z.log`, `${path}/link.log`);
  Deno.symlinkSync(path, `${path}/pods/circle`);
  Deno.symlinkSync(`${path}/gone`, `${path}/dangling`);
  assert.deepEqual([...filesOf(`${path}/a.log`)], [`${path}/a.log`]);
  assert.deepEqual([...filesOf(path)], [
    `${path}/a.log`,
    `${path}/link.log`,
    `${path}/pods/b/0.log`,
  ]);
  assert.deepEqual([...filesOf(`${path}/pods/`)][0], `${path}/pods/b/0.log`);
});

Deno.test("a missing path, and a dangling link named by the caller, are failures", () => {
  using folder = newFolder();
  Deno.symlinkSync(`${folder.path}/gone`, `${folder.path}/dangling`);
  for (const name of ["nowhere", "dangling"]) {
    const isMeant = (error: unknown) =>
      error instanceof Failure && error.kind === "not-found" &&
      error.message === `Cannot read ${folder.path}/${name}: no such file or folder`;
    assert.throws(() => [...filesOf(`${folder.path}/${name}`)], isMeant);
    assert.throws(() => openInput(`${folder.path}/${name}`, cannotExamine), isMeant);
  }
});

Deno.test("a file is opened as it is or inflated, told by its first bytes and not by its name", () => {
  using folder = newFolder();
  const { path } = folder;
  Deno.writeTextFileSync(`${path}/plain.gz`, CRI);
  Deno.writeFileSync(`${path}/packed.log`, gzipSync(CRI));
  for (const name of ["plain.gz", "packed.log"]) {
    using source = openInput(`${path}/${name}`, cannotExamine);
    const into = new Uint8Array(source.size);
    source.readAt(0, into);
    assert.equal(new TextDecoder().decode(into), CRI, name);
  }
});

Deno.test("a container's log is distinguished from other text by its beginning", () => {
  using folder = newFolder();
  const { path } = folder;
  const isNone = (text: string, name = "file.log") => {
    Deno.writeTextFileSync(`${path}/${name}`, text);
    using source = openInput(`${path}/${name}`, cannotExamine);
    return isNoContainerLog(source);
  };
  assert.equal(isNone(CRI), false);
  assert.equal(isNone(DOCKER, "0a-json.log"), false);
  assert.equal(isNone(""), false, "nothing speaks against it");
  assert.equal(isNone(`broken\n${CRI}`), false, "one of its lines is enough");
  assert.equal(isNone(`\0\0\0${CRI}`), false, "a crash leaves NULs in front of a line");
  assert.equal(isNone("x".repeat(70_000)), false, "its first line continues");
  assert.equal(isNone("hello\nworld\n"), true);
  assert.equal(isNone("a\n".repeat(50_000)), true);
});
