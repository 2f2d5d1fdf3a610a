import assert from "node:assert/strict";
import { Failure } from "../../../src/failure/failure.ts";
import { LogFile } from "../../../src/files/log_file.ts";
import { openDescriptors } from "../../harness/open_descriptors.ts";
import { cri, docker } from "../../harness/log_text.ts";

/** A folder with a log, and the log's location. */
function setup(text: string, name = "0.log") {
  const folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "log-file-" }));
  const realPath = `${folder}/${name}`;
  Deno.writeTextFileSync(realPath, text);
  const { dev, ino } = Deno.lstatSync(realPath);
  return {
    folder,
    located: { realPath, dev, ino: ino ?? 0 },
    [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }),
  };
}

type Setup = ReturnType<typeof setup>;

/** What is at the path when the file is opened, and the resulting failure. */
const refusals: readonly [string, (setup: Setup) => void, Failure["kind"]][] = [
  ["nothing", ({ located }) => Deno.removeSync(located.realPath), "not-found"],
  ["another file", ({ located, folder }) => {
    Deno.writeTextFileSync(`${folder}/other`, "other");
    Deno.renameSync(`${folder}/other`, located.realPath);
  }, "not-found"],
  ["a link to the very file", ({ located, folder }) => {
    Deno.renameSync(located.realPath, `${folder}/moved`);
    Deno.symlinkSync(`${folder}/moved`, located.realPath);
  }, "permission-denied"],
  ["a file with a second name", ({ located, folder }) => {
    Deno.linkSync(located.realPath, `${folder}/second`);
  }, "permission-denied"],
  ["a folder", ({ located }) => {
    Deno.removeSync(located.realPath);
    Deno.mkdirSync(located.realPath);
  }, "permission-denied"],
  ["a FIFO, which would hold whoever opens it", ({ located }) => {
    Deno.removeSync(located.realPath);
    new Deno.Command("mkfifo", { args: [located.realPath] }).outputSync();
  }, "permission-denied"],
];

for (const [title, happen, kind] of refusals) {
  Deno.test(`opening a located log where there is ${title} fails: ${kind}`, () => {
    using log = setup(cri(1));
    happen(log);
    const before = openDescriptors();
    assert.throws(
      () => LogFile.open(log.located),
      (error) => error instanceof Failure && error.kind === kind,
    );
    assert.equal(openDescriptors(), before, "a descriptor is left open");
  });
}

const formats: readonly [string, string, string, "cri" | "docker"][] = [
  ["a CRI line", "0.log", cri(1), "cri"],
  ["a Docker line", "0.log", docker(1), "docker"],
  ["Docker's name, though empty", "abc-json.log", "", "docker"],
  ["an empty file", "0.log", "", "cri"],
  ["empty lines before a Docker line", "0.log", `\n\n${docker(1)}`, "docker"],
  ["100 KiB of NULs before a Docker line", "0.log", "\0".repeat(100_000) + docker(1), "docker"],
  ["more NULs than are searched", "0.log", "\0".repeat(1_200_000) + docker(1), "cri"],
];

for (const [title, name, text, format] of formats) {
  Deno.test(`the format of a log: ${title}: ${format}`, () => {
    using log = setup(text, name);
    using file = LogFile.open(log.located);
    assert.equal(file.format, format);
  });
}

Deno.test("the format of an empty file is known once its first line has arrived", () => {
  using log = setup("");
  using file = LogFile.open(log.located);
  assert.equal(file.format, "cri");
  Deno.writeTextFileSync(log.located.realPath, docker(1), { append: true });
  assert.equal(file.format, "docker");
});

Deno.test("an open log stays the file that was located, wherever its path leads", () => {
  using log = setup(cri(1));
  using file = LogFile.open(log.located);
  Deno.renameSync(log.located.realPath, `${log.located.realPath}.1`);
  Deno.writeTextFileSync(log.located.realPath, cri(2) + cri(3));
  const bytes = new Uint8Array(1000);
  const text = new TextDecoder().decode(bytes.subarray(0, file.readAt(0, bytes)));
  assert.equal(text, cri(1));
  assert.equal(file.size, cri(1).length);
});

Deno.test("a log is closed once, however often that is asked", () => {
  using log = setup(cri(1));
  const before = openDescriptors();
  const file = LogFile.open(log.located);
  file.close();
  file[Symbol.dispose]();
  assert.equal(openDescriptors(), before);
});
