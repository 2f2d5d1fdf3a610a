import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { Failure } from "../../../src/failure/failure.ts";
import { openHistory } from "../../../src/files/history.ts";
import { locate, type LocatedLog } from "../../../src/files/locate.ts";
import type { LogSource } from "../../../src/files/log_file.ts";

/** A log in a pod's folder with whatever lies beside it. */
class Folder implements Disposable {
  readonly root = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "history-" }));
  readonly roots = { containerLogsDir: `${this.root}/containers`, logRoots: [this.root] };
  readonly folder = `${this.root}/pods/ns_pod_uid/app`;
  readonly log: string;
  readonly #opened: LogSource[] = [];

  constructor(logName = "0.log") {
    this.log = `${this.folder}/${logName}`;
    Deno.mkdirSync(this.folder, { recursive: true });
    Deno.mkdirSync(`${this.root}/containers`);
    Deno.writeTextFileSync(this.log, "current\n");
    Deno.symlinkSync(this.log, `${this.root}/containers/pod_ns_app-abc.log`);
  }

  write(suffix: string, content: string | Uint8Array) {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    Deno.writeFileSync(this.log + suffix, bytes);
  }

  locate(): LocatedLog {
    return locate(this.roots, {
      namespace: "ns",
      podName: "pod",
      containerName: "app",
      containerId: "abc",
    });
  }

  open(): LogSource[] {
    const sources = openHistory(this.roots, this.locate());
    this.#opened.push(...sources);
    return sources;
  }

  texts(): string[] {
    return this.open().map(textOf);
  }

  [Symbol.dispose]() {
    for (const source of this.#opened) source[Symbol.dispose]();
    Deno.removeSync(this.root, { recursive: true });
  }
}

function textOf(source: LogSource): string {
  const bytes = new Uint8Array(source.size);
  assert.equal(source.readAt(0, bytes), bytes.length);
  return new TextDecoder().decode(bytes);
}

Deno.test("kubelet's rotated files come oldest first, compressed or not", () => {
  using folder = new Folder();
  folder.write(".20261123-101532", "third\n");
  folder.write(".20261122-235959.gz", gzipSync("first\n"));
  folder.write(".20261123-101530.gz", gzipSync("second\n"));
  assert.deepEqual(folder.texts(), ["first\n", "second\n", "third\n"]);
});

Deno.test("Docker's rotated files come oldest first: the higher number is older", () => {
  using folder = new Folder("abc-json.log");
  for (let n = 1; n <= 11; n++) {
    if (n % 2 === 0) folder.write(`.${n}.gz`, gzipSync(`${n}\n`));
    else folder.write(`.${n}`, `${n}\n`);
  }
  assert.deepEqual(folder.texts(), [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1].map((n) => `${n}\n`));
});

Deno.test("what is no rotated file of this log is left out", () => {
  using folder = new Folder();
  folder.write(".20261123-101530.tmp", "half compressed\n");
  folder.write(".20261123-101531", "plain\n");
  folder.write(".20261123-101531.gz", gzipSync("the same, compressed\n"));
  folder.write(".bak", "no\n");
  folder.write("x.1", "no\n");
  folder.write(".1.2", "no\n");
  Deno.writeTextFileSync(`${folder.folder}/1.log`, "another container's run\n");
  Deno.writeTextFileSync(`${folder.root}/secret`, "secret\n");
  Deno.symlinkSync(`${folder.root}/secret`, `${folder.log}.1`);
  Deno.symlinkSync(`${folder.root}/secret`, `${folder.log}.20261123-101532`);
  Deno.mkdirSync(`${folder.log}.20261123-101533`);
  assert.deepEqual(folder.texts(), ["plain\n"]);
});

Deno.test("the log itself is no history when it is rotated after it was located", () => {
  using folder = new Folder();
  folder.write(".1", "older\n");
  const located = folder.locate();
  Deno.renameSync(`${folder.log}.1`, `${folder.log}.2`);
  Deno.renameSync(folder.log, `${folder.log}.1`);
  const sources = openHistory(folder.roots, located);
  assert.deepEqual(sources.map(textOf), ["older\n"]);
  for (const source of sources) source[Symbol.dispose]();
});

Deno.test("an inflated source is opened by no path: its device and inode are none's", () => {
  using folder = new Folder();
  folder.write(
    ".1.gz",
    gzipSync('{"log":"a\\n","stream":"stdout","time":"2026-11-23T10:00:00Z"}\n'),
  );
  folder.write(".2", "plain\n");
  const [plain, inflated] = folder.open();
  assert.equal(plain?.ino, Deno.statSync(`${folder.log}.2`).ino);
  assert.deepEqual([inflated?.dev, inflated?.ino], [null, null]);
  assert.equal(inflated?.format, "docker");
  assert.equal(plain?.format, "cri");
});

Deno.test("gzip members one after the other are one log", () => {
  using folder = new Folder();
  const members = ["one\n", "two\n", "three\n"].map((text) => gzipSync(text));
  folder.write(".1.gz", new Uint8Array(members.flatMap((member) => [...member])));
  assert.deepEqual(folder.texts(), ["one\ntwo\nthree\n"]);
});

Deno.test("a log that inflates to more than one window is read right at every offset, members too", () => {
  using folder = new Folder();
  const line = (n: number) => `${String(n).padStart(9, "0")} ${"x".repeat(n % 90)}\n`;
  let text = "";
  for (let n = 0; text.length < 17 * 1024 * 1024; n++) text += line(n);
  const bytes = new TextEncoder().encode(text);
  const middle = 3 * 1024 * 1024 + 3;
  const members = [
    gzipSync(bytes.subarray(0, middle), { level: 1 }),
    gzipSync(bytes.subarray(middle), { level: 1 }),
  ];
  folder.write(".1.gz", new Uint8Array(Buffer.concat(members)));
  const [source] = folder.open();
  assert(source !== undefined);
  assert.equal(source.size, bytes.length);
  const window = 16 * 1024 * 1024;
  const part = new Uint8Array(100_000);
  for (
    const at of [0, window - 50_000, 2 * window - 1, middle - 10, bytes.length - 50_000, window]
  ) {
    const count = source.readAt(at, part);
    const expected = bytes.subarray(at, at + part.length);
    assert.equal(count, expected.length, `at ${at}`);
    assert(Buffer.compare(part.subarray(0, count), expected) === 0, `at ${at}`);
  }
  assert.equal(source.readAt(bytes.length, part), 0);
});

Deno.test("of a damaged compressed log what comes before the damage is read", () => {
  using folder = new Folder();
  const text = Array.from({ length: 100_000 }, (_, i) => `${i * 7919 % 99991}\n`).join("");
  const whole = gzipSync(text);
  folder.write(".1.gz", whole.subarray(0, whole.length >> 1));
  const [cut] = folder.texts();
  assert(cut !== undefined && cut.length > 1000);
  assert(text.startsWith(cut));
});

Deno.test("a compressed log that is no gzip at all holds nothing", () => {
  using folder = new Folder();
  folder.write(".1.gz", "not gzip");
  folder.write(".2.gz", "");
  assert.deepEqual(folder.texts(), ["", ""]);
});

Deno.test("history that may not be read is refused by name, and nothing stays open", () => {
  if (Deno.uid() === 0) return; // Root reads everything.
  using folder = new Folder();
  folder.write(".1", "a\n");
  folder.write(".2", "b\n");
  Deno.chmodSync(`${folder.log}.1`, 0);
  assert.throws(
    () => folder.open(),
    (e) => e instanceof Failure && e.kind === "permission-denied" && e.message.includes(".1"),
  );
});

const line = (minute: number) => `2026-11-23T10:${minute}:00Z stdout F ${minute}\n`;

Deno.test("rotated files come in the order of their lines, not of their names", () => {
  using folder = new Folder();
  folder.write(".20241103-015000", line(10));
  folder.write(".20241103-011000.gz", gzipSync(line(11)));
  folder.write("-2024100113", line(12));
  folder.write(".1", line(13));
  assert.deepEqual(folder.texts(), [line(10), line(11), line(12), line(13)]);
});

Deno.test("a copy of the log that has not been truncated yet, or of another rotated file, is left out", () => {
  using folder = new Folder();
  Deno.writeTextFileSync(folder.log, line(20) + line(21));
  folder.write(".3", line(10));
  folder.write(".2", line(10) + line(11));
  folder.write(".1", line(20) + line(21));
  assert.deepEqual(folder.texts(), [line(10) + line(11)]);
});
