import assert from "node:assert/strict";
import { closeSync, openSync } from "node:fs";
import { stat } from "../../../src/platform/files.ts";
import { mtime } from "../../../src/platform/mtime.ts";
import { setMtime } from "../../harness/mtime.ts";

function withFile(use: (path: string) => void): void {
  const dir = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(`${dir}/file`, "");
    use(`${dir}/file`);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

for (const nanos of [123_456_789, 123_000_000, 1, 0, 999_999_999]) {
  Deno.test(`a time of change keeps its nanoseconds: ${nanos}`, () => {
    withFile((path) => {
      // A distinct size: a new file may get the inode of the previous one, whose time is cached.
      Deno.writeTextFileSync(path, "x".repeat(nanos % 97));
      const time = { seconds: 1727800000, nanos };
      setMtime(path, 1727800000, nanos);
      assert.deepEqual(mtime(path, stat(path)), time);
      assert.deepEqual(mtime(path, stat(path)), time, "asked again");
      Deno.symlinkSync(path, `${path}.link`);
      assert.deepEqual(mtime(`${path}.link`, stat(`${path}.link`)), time, "through a link");
      setMtime(path, 1727800005, nanos);
      assert.deepEqual(mtime(path, stat(path)), { seconds: 1727800005, nanos }, "after a change");
    });
  });
}

Deno.test("the time of the last change is returned, not the preceding time of the last access", () => {
  withFile((path) => {
    Deno.writeTextFileSync(path, "read since it was written");
    setMtime(path, 1727800000, 123_456_789);
    // In the same millisecond, so that only the finer digits differ.
    const accessed = "2024-10-01T16:26:40.123999999Z";
    assert.ok(
      new Deno.Command("touch", { args: ["-a", "-d", accessed, path] }).outputSync().success,
    );
    assert.deepEqual(mtime(path, stat(path)), { seconds: 1727800000, nanos: 123_456_789 });
  });
});

Deno.test("if the exact time is unavailable, the result is stat's milliseconds", () => {
  withFile((path) => {
    setMtime(path, 1727800000, 123_456_789);
    const facts = stat(path);
    Deno.removeSync(path);
    assert.deepEqual(mtime(path, facts), { seconds: 1727800000, nanos: 123_000_000 });
  });
});

Deno.test("a change since the stat call does not mix with its milliseconds", () => {
  withFile((path) => {
    setMtime(path, 1727800000, 123_456_789);
    const facts = stat(path);
    setMtime(path, 1727800009, 999_999_999);
    assert.deepEqual(mtime(path, facts), { seconds: 1727800000, nanos: 123_000_000 });
  });
});

Deno.test("asking for times leaves no descriptor open (WASI keeps a duplicate of its own)", () => {
  withFile((path) => {
    // A new descriptor has the lowest free number, which shows how many are open.
    const lowestFree = () => {
      const fd = openSync(path, "r");
      closeSync(fd);
      return fd;
    };
    const before = lowestFree();
    for (let i = 0; i < 200; i++) {
      Deno.utimeSync(path, i, i);
      mtime(path, stat(path));
    }
    const after = lowestFree();
    assert.ok(after < before + 50, `lowest free descriptor ${before}, 200 calls later ${after}`);
  });
});

Deno.test("no warning about WASI being experimental is printed, and every other warning is", async () => {
  const src = new URL("../../../src/platform/", import.meta.url).href;
  const program = `
    import process from "node:process";
    import { stat } from "${src}files.ts";
    import { mtime } from "${src}mtime.ts";
    const path = Deno.execPath();
    console.log(mtime(path, stat(path)).seconds > 0);
    process.emitWarning("of something else");
  `;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", program],
  }).output();
  assert.equal(new TextDecoder().decode(stdout), "true\n");
  const warnings = new TextDecoder().decode(stderr);
  assert.match(warnings, /of something else/);
  assert.doesNotMatch(warnings, /WASI/);
});
