import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { GzipLog } from "../../../src/files/gzip_log.ts";
import { LogFile } from "../../../src/files/log_file.ts";

const text = "2024-10-01T05:00:01Z stdout F one\n".repeat(20_000);

function open(path: string): GzipLog {
  const { dev, ino } = Deno.lstatSync(path);
  return new GzipLog(LogFile.open({ realPath: path, dev, ino: ino! }));
}

async function withFile(bytes: Uint8Array, run: (path: string) => void): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${folder}/0.log.20241001-050001.gz`, bytes);
    run(`${folder}/0.log.20241001-050001.gz`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("only the beginning is inflated to tell the format; the rest when it is read", () =>
  withFile(gzipSync(text), (path) => {
    using log = open(path);
    assert.equal(log.format, "cri");
    const head = log.head(100);
    assert.equal(new TextDecoder().decode(head), text.slice(0, 100));
    assert.equal(log.size, text.length);
    const into = new Uint8Array(34);
    assert.equal(log.readAt(text.length - 34, into), 34);
    assert.equal(new TextDecoder().decode(into), text.slice(-34));
  }));

Deno.test("a file that is not gzip has no beginning and is treated as CRI", () =>
  withFile(new TextEncoder().encode("plain text"), (path) => {
    using log = open(path);
    assert.equal(log.head().length, 0);
    assert.equal(log.format, "cri");
  }));

Deno.test("the compressed file is found under a new name in its folder", () =>
  withFile(gzipSync(text), (path) => {
    using log = open(path);
    const renamed = path.replace("050001", "050002");
    Deno.renameSync(path, renamed);
    assert.equal(log.compressed.path, renamed);
    Deno.removeSync(renamed);
    assert.equal(log.compressed.path, path, "nowhere: where it was");
  }));

Deno.test("regression: to see how a log begins megabytes were inflated in one turn of the event loop, for each rotated file", () => {
  /** How much of the file is read for that: it expands at most a thousandfold. */
  const bytesRead = (text: string) => {
    const bytes = gzipSync(text);
    let read = 0;
    const file = {
      size: bytes.length,
      readAt(offset: number, into: Uint8Array): number {
        const part = bytes.subarray(offset, offset + into.length);
        into.set(part);
        read += part.length;
        return part.length;
      },
    };
    const head = new GzipLog(file as unknown as LogFile).head();
    assert.equal(new TextDecoder().decode(head), text.slice(0, head.length));
    return read;
  };
  assert.equal(bytesRead("2024-10-01T05:00:01Z stdout F " + "a".repeat(2 ** 24)), 256);
  const numbers = Array.from({ length: 10_000 }, (_, i) => (i * 2654435761) >>> 0).join("\n");
  assert.equal(bytesRead(numbers), 2048);
});
