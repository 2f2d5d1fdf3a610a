import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { Failure } from "../../../src/failure/failure.ts";
import { examineInflated } from "../../../src/files/examined_text.ts";
import type { Fingerprint } from "../../../src/files/fingerprint.ts";
import { History, type OlderFile, type OpenOptions } from "../../../src/files/history.ts";
import { InflatedBytes } from "../../../src/files/inflated_bytes.ts";
import { locate } from "../../../src/files/locate.ts";
import { LogFile, type LogSource } from "../../../src/files/log_file.ts";
import { listRotatedFiles } from "../../../src/files/rotated_files.ts";
import { inMemory } from "../../../src/scan/byte_source.ts";

/** A log in a pod's folder with other files next to it. */
class Folder implements Disposable {
  readonly root = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "history-" }));
  readonly roots = { containerLogsDir: `${this.root}/containers`, logRoots: [this.root] };
  readonly folder = `${this.root}/pods/ns_pod_uid/app`;
  readonly log: string;
  /** Compressed files that were examined elsewhere, by the ends of their names. */
  readonly examined: string[] = [];
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

  /** Opens the log, and lists its rotated files. */
  history(): History {
    const located = locate(this.roots, {
      namespace: "ns",
      podName: "pod",
      containerName: "app",
      containerId: "abc",
    });
    const listed = listRotatedFiles(located.realPath);
    const current = LogFile.open(located);
    this.#opened.push(current);
    return new History(this.roots, current, listed);
  }

  async open(history = this.history(), breathe = nobodyElse): Promise<OlderFile[]> {
    const found = await history.open({
      fingerprint: ({ compressed: { path } }) => Promise.resolve(this.#examine(path)),
      breathe,
    });
    this.#opened.push(...found.map(({ source }) => source));
    return found;
  }

  async texts(history = this.history(), breathe = nobodyElse): Promise<string[]> {
    return (await this.open(history, breathe)).map(({ source }) => textOf(source));
  }

  /** As a worker does. */
  #examine(path: string): Fingerprint {
    this.examined.push(path.slice(this.log.length));
    using bytes = new InflatedBytes(inMemory(Deno.readFileSync(path)));
    const found = examineInflated(bytes, "beginning", () => false);
    assert.ok(found !== null);
    return found.fingerprint;
  }

  [Symbol.dispose]() {
    for (const source of this.#opened) source[Symbol.dispose]();
    Deno.removeSync(this.root, { recursive: true });
  }
}

const nobodyElse: OpenOptions["breathe"] = () => null;

function textOf(source: LogSource): string {
  const bytes = new Uint8Array(source.size);
  assert.equal(source.readAt(0, bytes), bytes.length);
  return new TextDecoder().decode(bytes);
}

Deno.test("kubelet's rotated files come oldest first, compressed or not", async () => {
  using folder = new Folder();
  folder.write(".20261123-101532", "third\n");
  folder.write(".20261122-235959.gz", gzipSync("first\n"));
  folder.write(".20261123-101530.gz", gzipSync("second\n"));
  assert.deepEqual(await folder.texts(), ["first\n", "second\n", "third\n"]);
});

Deno.test("Docker's rotated files come oldest first: the higher number is older", async () => {
  using folder = new Folder("abc-json.log");
  for (let n = 1; n <= 11; n++) {
    if (n % 2 === 0) folder.write(`.${n}.gz`, gzipSync(`${n}\n`));
    else folder.write(`.${n}`, `${n}\n`);
  }
  assert.deepEqual(await folder.texts(), [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1].map((n) => `${n}\n`));
});

Deno.test("files that are not rotations of this log are left out", async () => {
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
  assert.deepEqual(await folder.texts(), ["plain\n"]);
});

Deno.test("the log itself is no history when it is rotated after it was located", async () => {
  using folder = new Folder();
  folder.write(".1", "older\n");
  const history = folder.history();
  Deno.renameSync(`${folder.log}.1`, `${folder.log}.2`);
  Deno.renameSync(folder.log, `${folder.log}.1`);
  assert.deepEqual(await folder.texts(history), ["older\n"]);
});

Deno.test("an inflated source is opened by no path: its device and inode are none's", async () => {
  using folder = new Folder();
  folder.write(
    ".1.gz",
    gzipSync('{"log":"a\\n","stream":"stdout","time":"2026-11-23T10:00:00Z"}\n'),
  );
  folder.write(".2", "plain\n");
  const [plain, inflated] = (await folder.open()).map(({ source }) => source);
  assert.equal(plain?.ino, Deno.statSync(`${folder.log}.2`).ino);
  assert.deepEqual([inflated?.dev, inflated?.ino], [null, null]);
  assert.equal(inflated?.format, "docker");
  assert.equal(plain?.format, "cri");
});

Deno.test("gzip members one after the other are one log", async () => {
  using folder = new Folder();
  const members = ["one\n", "two\n", "three\n"].map((text) => gzipSync(text));
  folder.write(".1.gz", new Uint8Array(members.flatMap((member) => [...member])));
  assert.deepEqual(await folder.texts(), ["one\ntwo\nthree\n"]);
});

Deno.test("a log that inflates to more than one window is read right at every offset, members too", async () => {
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
  const [source] = (await folder.open()).map(({ source }) => source);
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

Deno.test("a damaged compressed log is read up to the damage", async () => {
  using folder = new Folder();
  const text = Array.from({ length: 100_000 }, (_, i) => `${i * 7919 % 99991}\n`).join("");
  const whole = gzipSync(text);
  folder.write(".1.gz", whole.subarray(0, whole.length >> 1));
  const [cut] = await folder.texts();
  assert(cut !== undefined && cut.length > 1000);
  assert(text.startsWith(cut));
});

Deno.test("a compressed log that is no gzip at all holds nothing", async () => {
  using folder = new Folder();
  folder.write(".1.gz", "not gzip");
  folder.write(".2.gz", "");
  assert.deepEqual(await folder.texts(), ["", ""]);
});

Deno.test("history that may not be read is refused by name, and nothing stays open", async () => {
  if (Deno.uid() === 0) return; // Root can read everything.
  using folder = new Folder();
  folder.write(".1", "a\n");
  folder.write(".2", "b\n");
  Deno.chmodSync(`${folder.log}.1`, 0);
  await assert.rejects(
    folder.open(),
    (e) => e instanceof Failure && e.kind === "permission-denied" && e.message.includes(".1"),
  );
});

const line = (minute: number) => `2026-11-23T10:${minute}:00Z stdout F ${minute}\n`;

Deno.test("rotated files come in the order of their lines, not of their names", async () => {
  using folder = new Folder();
  folder.write(".20241103-015000", line(10));
  folder.write(".20241103-011000.gz", gzipSync(line(11)));
  folder.write("-2024100113", line(12));
  folder.write(".1", line(13));
  assert.deepEqual(await folder.texts(), [line(10), line(11), line(12), line(13)]);
});

Deno.test("a copy of the log that has not been truncated yet, or of another rotated file, is left out", async () => {
  using folder = new Folder();
  Deno.writeTextFileSync(folder.log, line(20) + line(21));
  folder.write(".3", line(10));
  folder.write(".2", line(10) + line(11));
  folder.write(".1", line(20) + line(21));
  assert.deepEqual(await folder.texts(), [line(10) + line(11)]);
});

Deno.test("only the first line of each file is read, and only a beginning is inflated", async () => {
  using folder = new Folder();
  Deno.writeTextFileSync(folder.log, line(50));
  const filler = "x".repeat(100);
  const long = (minute: number) =>
    line(minute) + `${line(minute).trim()} ${filler}\n`.repeat(20_000);
  folder.write(".2", long(10));
  folder.write(".1.gz", gzipSync(long(11)));
  const files = await folder.open();
  assert.deepEqual(files.map(({ firstTime }) => firstTime?.seconds), [
    Date.parse("2026-11-23T10:10:00Z") / 1000,
    Date.parse("2026-11-23T10:11:00Z") / 1000,
  ]);
  assert.deepEqual(folder.examined, []);
});

Deno.test("a compressed file that begins with NULs, or shows no time in its first 64 KiB, was inflated on the event loop: a worker examines its beginning", async () => {
  using folder = new Folder();
  Deno.writeTextFileSync(folder.log, line(50));
  const random = Array.from({ length: 9000 }, (_, i) => (i * 7919 % 99991).toString(36)).join(" ");
  folder.write(".3.gz", gzipSync(`${"\0".repeat(1 << 20)}${line(12)}`));
  folder.write(".2.gz", gzipSync(`${random}\n`.repeat(3) + line(11)));
  folder.write(".1.gz", gzipSync(line(10)));
  const files = await folder.open();
  assert.deepEqual(folder.examined, [".3.gz", ".2.gz"]);
  assert.deepEqual(
    files.map(({ firstTime }) => new Date((firstTime?.seconds ?? 0) * 1000).getUTCMinutes()),
    [10, 11, 12],
  );
});

Deno.test("others get a turn between two files", async () => {
  using folder = new Folder();
  for (let n = 1; n <= 5; n++) folder.write(`.${n}`, line(60 - n));
  let turns = 0;
  const history = folder.history();
  await folder.open(history, () => {
    turns++;
    return Promise.resolve();
  });
  assert.equal(turns, 5);
});

Deno.test("files that come after the log was opened are no history; one that is renamed or compressed meanwhile is", async () => {
  using folder = new Folder();
  Deno.writeTextFileSync(folder.log, line(30));
  folder.write(".20261123-100900", line(10));
  folder.write(".20261123-101000", line(11));
  const history = folder.history();
  Deno.renameSync(folder.log, `${folder.log}.20261123-103100`);
  Deno.writeTextFileSync(folder.log, line(31));
  // The younger file is rotated too, before the older ones are opened.
  Deno.renameSync(folder.log, `${folder.log}.20261123-103200`);
  Deno.writeTextFileSync(folder.log, line(32));
  folder.write(".20261123-100900.gz", gzipSync(line(10)));
  Deno.removeSync(`${folder.log}.20261123-100900`);
  Deno.renameSync(`${folder.log}.20261123-101000`, `${folder.log}.20261123-101001`);
  assert.deepEqual(await folder.texts(history), [line(10), line(11)]);
});

Deno.test("a file that disappears between listing and opening is found again, or is gone", async () => {
  using folder = new Folder();
  Deno.writeTextFileSync(folder.log, line(30));
  folder.write(".3", line(10));
  folder.write(".2", line(11));
  folder.write(".1", line(12));
  const history = folder.history();
  let turns = 0;
  const rename = () => {
    if (turns++ === 0) {
      Deno.removeSync(`${folder.log}.2`);
      Deno.renameSync(`${folder.log}.1`, `${folder.log}.2`);
    }
    return null;
  };
  assert.deepEqual(await folder.texts(history, rename), [line(10), line(12)]);
});
