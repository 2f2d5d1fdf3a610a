import assert from "node:assert/strict";
import { Failure } from "../../../src/failure/failure.ts";
import { listRotatedFiles } from "../../../src/files/rotated_files.ts";
import { replaceFileSystem } from "../../../src/platform/files.ts";
import { MemoryFiles } from "../../harness/memory_files.ts";

/** The suffixes of the files that are found next to 0.log, oldest by name first. */
function found(...suffixes: string[]): string[] {
  const folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "rotated-" }));
  try {
    for (const suffix of ["", ...suffixes]) {
      Deno.writeTextFileSync(`${folder}/0.log${suffix}`, "x\n");
    }
    return listRotatedFiles(`${folder}/0.log`).map(({ realPath }) =>
      realPath.slice(`${folder}/0.log`.length)
    );
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const names: readonly [string, string][] = [
  ["kubelet", ".20241103-015000"],
  ["Docker and logrotate, a number", ".1"],
  ["logrotate, dateext in days", "-20241001"],
  ["logrotate, dateext in hours", "-2024100113"],
  ["logrotate, dateext in seconds since the epoch", "-20241001-1727780400"],
];

for (const [title, suffix] of names) {
  Deno.test(`a rotated file's name: ${title}`, () => {
    assert.deepEqual(found(suffix), [suffix]);
    assert.deepEqual(found(`${suffix}.gz`), [`${suffix}.gz`]);
    assert.deepEqual(found(suffix, `${suffix}.gz`), [suffix], "the plain one, which is complete");
    assert.deepEqual(
      found(`${suffix}.tmp`, `${suffix}.gz.tmp`),
      [],
      "an unfinished one is left alone",
    );
  });
}

Deno.test("files whose names are no rotated file's are left out", () => {
  assert.deepEqual(found(".bak", "x.1", ".1.2", "-1", ".", ".gz", "-2024", ".20241103-01500x"), []);
});

Deno.test("numbers are ordered by value, the higher is older", () => {
  assert.deepEqual(found(".1", ".2", ".10"), [".10", ".2", ".1"]);
});

Deno.test("a folder that is gone holds nothing, and one that cannot be read is an error", () => {
  assert.deepEqual(listRotatedFiles("/nowhere/0.log"), []);
  if (Deno.uid() === 0) return; // Root can read every folder.
  const folder = Deno.makeTempDirSync({ prefix: "rotated-" });
  Deno.chmodSync(folder, 0);
  assert.throws(() => listRotatedFiles(`${folder}/0.log`), Deno.errors.PermissionDenied);
});

/** Two rotated files, and what happens at each call during the listing. */
function listedAmid(onCall: (files: MemoryFiles, call: number) => void): string[] {
  const files = new MemoryFiles();
  using _ = replaceFileSystem(files);
  for (const suffix of ["", ".1", ".2"]) {
    files.create(`/app/0.log${suffix}`)(new TextEncoder().encode(`${suffix}\n`));
  }
  let call = 0;
  files.onCall = () => onCall(files, call++);
  return listRotatedFiles("/app/0.log").map(({ realPath }) =>
    new TextDecoder().decode(files.read(realPath)).trim()
  );
}

Deno.test("regression: a file whose number moved on while the folder was listed was in no listing", () => {
  const calls = 20;
  for (let at = 0; at < calls; at++) {
    const listed = listedAmid((files, call) => {
      if (call !== at) return;
      files.rename("/app/0.log.2", "/app/0.log.3");
      files.rename("/app/0.log.1", "/app/0.log.2");
      files.copy("/app/0.log", "/app/0.log.1");
    });
    // Before or after, but nothing in between.
    assert.ok(
      ["2 1", "2 1 "].includes(listed.map((text) => text.slice(1)).join(" ")),
      `call ${at}`,
    );
  }
});

Deno.test("files that are renamed at each listing are an error, not a part of them", () => {
  let name = 10;
  const isMeant = (error: unknown) => error instanceof Failure && error.kind === "not-found";
  assert.throws(() =>
    listedAmid((files) => {
      files.rename(`/app/0.log.${name === 10 ? 2 : name}`, `/app/0.log.${++name}`);
    }), isMeant);
});
