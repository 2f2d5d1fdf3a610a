/** Cases that the random ones of scan_property_test.ts do not reach, or too rarely. */
import assert from "node:assert/strict";
import { LogRecord } from "../../../src/generated/cluster_agent.ts";
import { createScanner, type ScanResult, type ScanSpec } from "../../../src/scan/scan.ts";

const encoder = new TextEncoder();

function records(result: ScanResult): LogRecord[] {
  const view = new DataView(result.frames.buffer);
  const all: LogRecord[] = [];
  for (let at = 0; at < result.frames.length;) {
    const end = at + 5 + view.getUint32(at + 1);
    all.push(LogRecord.decode(result.frames.subarray(at + 5, end)));
    at = end;
  }
  return all;
}

async function scan(log: string, spec: Partial<ScanSpec> = {}): Promise<LogRecord[]> {
  const bytes = encoder.encode(log);
  const scanner = await createScanner({
    format: "cri",
    direction: "forward",
    grep: "",
    maxRecordBytes: 2 ** 21,
    ...spec,
  });
  const result = scanner.scan(bytes, 0, bytes.length, { budget: 2 ** 30 });
  assert.equal(result.resume, null);
  return records(result);
}

const line = (message: string, tag = "F") => `2024-10-01T00:00:00Z stdout ${tag} ${message}\n`;

Deno.test("a message longer than the limit is cut at characters, final only at its end", async () => {
  const message = "0123456789\u65e5\u672c\u8a9e \u{1f600} end  ";
  for (const direction of ["forward", "backward"] as const) {
    for (const tag of ["F", "P"]) {
      const found = await scan(line("x") + line(message, tag) + line("y"), {
        maxRecordBytes: 11,
        direction,
      });
      if (direction === "backward") found.reverse();
      const parts = found.slice(1, -1);
      const expected = tag === "F" ? message.trimEnd() : message;
      assert.equal(parts.map((record) => record.message).join(""), expected);
      assert(parts.length > 2);
      assert(parts.every((record) => encoder.encode(record.message).length <= 11));
      assert.deepEqual(
        parts.map((record) => record.is_final),
        parts.map((_, i) => i === parts.length - 1 && tag === "F"),
      );
    }
  }
});

Deno.test("a part keeps its trailing whitespace, so that parts can be joined", async () => {
  const found = await scan(line("hello ", "P") + line("world ", "F"));
  assert.deepEqual(found.map((record) => record.message), ["hello ", "world"]);
  const docker = ["hello \\t", "world \\n"].map((log) =>
    `{"log":"${log}","stream":"stdout","time":"2024-10-01T00:00:00Z"}\n`
  );
  const parts = await scan(docker.join(""), { format: "docker" });
  assert.deepEqual(parts.map((record) => record.message), ["hello \t", "world"]);
});

Deno.test("NULs before a record are skipped, in both formats and directions, with grep too", async () => {
  const nuls = "\0".repeat(4096);
  const docker = (log: string) =>
    `{"log":"${log}\\n","stream":"stdout","time":"2024-10-01T00:00:00Z"}\n`;
  for (const direction of ["forward", "backward"] as const) {
    for (const grep of ["", "after"]) {
      for (const [format, record] of [["cri", line], ["docker", docker]] as const) {
        const log = record("before") + nuls + record("after") + "\0" + record("after 2");
        const found = await scan(log, { format, direction, grep });
        if (direction === "backward") found.reverse();
        const expected = grep === "" ? ["before", "after", "after 2"] : ["after", "after 2"];
        assert.deepEqual(found.map((record) => record.message), expected);
      }
    }
  }
});

Deno.test("a whole Docker record glued to a cut one is given out", async () => {
  const whole = `{"log":"whole\\n","stream":"stdout","time":"2024-10-01T00:00:00Z"}\n`;
  const withAttrs = whole.replace(`"time"`, `"attrs":{"log":"x"},"time"`);
  for (const grep of ["", "whole"]) {
    for (const cut of [`{"log":"cut`, `{"log":"cut\\`, `{`, `{"log":"cut\\n","stre`]) {
      for (const glued of [whole, withAttrs]) {
        const found = await scan(cut + glued, { format: "docker", grep });
        assert.deepEqual(found.map((record) => record.message), ["whole"], cut + glued);
      }
    }
    // The text of a whole record cannot be mistaken for one: its quotes are escaped.
    const quoted = JSON.stringify({ log: whole, time: "2024-10-01T00:00:00Z" });
    const found = await scan(quoted, { format: "docker", grep });
    assert.deepEqual(found.map((record) => record.message), [whole.trimEnd()]);
  }
});

Deno.test("whitespace that is trimmed does not make a message over-long", async () => {
  const found = await scan(line("0123456789" + " ".repeat(50)), { maxRecordBytes: 10 });
  assert.deepEqual(found.map((record) => record.message), ["0123456789"]);
});

Deno.test("grep judges each part of an over-long message alone", async () => {
  const found = await scan(line("aaaa\u00e9bbbb needle cccc"), {
    maxRecordBytes: 10,
    grep: "needle",
  });
  assert.deepEqual(found.map((record) => record.message), [" needle cc"]);
  // A needle across the split is in no record.
  assert.deepEqual(await scan(line("0123456needle"), { maxRecordBytes: 10, grep: "needle" }), []);
});

Deno.test("a single character longer than the limit is not cut, and not lost", async () => {
  const found = await scan(line("a\u{1f600}b"), { maxRecordBytes: 2 });
  assert.deepEqual(found.map((record) => record.message), ["a", "\u{1f600}", "b"]);
});

Deno.test("a resumed scan leaves out the parts that were delivered", async () => {
  const bytes = encoder.encode(line("0123456789".repeat(4)) + line("y"));
  for (const direction of ["forward", "backward"] as const) {
    const scanner = await createScanner({ format: "cri", direction, grep: "", maxRecordBytes: 10 });
    const all = records(scanner.scan(bytes, 0, bytes.length, { budget: 2 ** 30 }));
    assert.equal(all.length, 5);
    let [from, to, skip] = [0, bytes.length, 0];
    const pieces: LogRecord[] = [];
    for (let i = 0; i < 5; i++) {
      const result = scanner.scan(bytes, from, to, { budget: 1, skip });
      assert.equal(result.records, 1);
      pieces.push(...records(result));
      if (i === 4) {
        assert.equal(result.resume, null);
        break;
      }
      assert(result.resume !== null);
      if (direction === "forward") from = result.resume.offset;
      else to = result.resume.offset;
      skip = result.resume.skip;
    }
    assert.deepEqual(pieces, all);
  }
});

Deno.test("lines longer than a block and than the search's memory are whole", async () => {
  const long = "x".repeat(1_000_000) + "needle" + "y".repeat(500_000);
  const log = line("first needle") + line(long) + line("last") + line("needle");
  for (const format of ["cri", "docker"] as const) {
    for (const direction of ["forward", "backward"] as const) {
      const text = format === "cri" ? log : log.trimEnd().split("\n").map((each) =>
        JSON.stringify({
          log: each.slice("2024-10-01T00:00:00Z stdout F ".length) + "\n",
          stream: "stdout",
          time: "2024-10-01T00:00:00Z",
        }) + "\n"
      ).join("");
      const found = await scan(text, { format, direction, grep: "needle" });
      const messages = found.map((record) => record.message);
      if (direction === "backward") messages.reverse();
      assert.deepEqual(messages, ["first needle", long, "needle"]);
      assert.equal((await scan(text, { format, direction })).length, 4);
    }
  }
});

Deno.test("the frames are a buffer of their own, which the next scan leaves alone", async () => {
  const bytes = encoder.encode(line("one"));
  const scanner = await createScanner({
    format: "cri",
    direction: "forward",
    grep: "",
    maxRecordBytes: 100,
  });
  const first = scanner.scan(bytes, 0, bytes.length, { budget: 1000 });
  const copy = first.frames.slice();
  bytes.set(encoder.encode("two"), bytes.length - 4);
  const second = scanner.scan(bytes, 0, bytes.length, { budget: 1000 });
  assert.deepEqual(first.frames, copy);
  assert.notDeepEqual(second.frames, copy);
  assert.equal(first.frames.byteLength, first.frames.buffer.byteLength);
});

Deno.test("an empty range is done at once", async () => {
  for (const direction of ["forward", "backward"] as const) {
    for (const grep of ["", "x"]) {
      const scanner = await createScanner({ format: "cri", direction, grep, maxRecordBytes: 100 });
      const result = scanner.scan(encoder.encode(line("x")), 5, 5, { budget: 1 });
      assert.deepEqual([result.frames.length, result.records, result.resume], [0, 0, null]);
    }
  }
});

Deno.test("patterns made to blow up stay linear: a backtracking engine would not end", async () => {
  const cases: readonly [string, string, number][] = [
    ["(?i)^(a+)+$", "a", 1],
    ["(x+x+)+y", "x", 0],
    ["(.*)*\\d", "a", 0],
    ["(a|aa)+b", "a", 0],
    ["(?:error )*.*reset", "error ", 0],
  ];
  for (const [grep, unit, matches] of cases) {
    const log = line(unit.repeat(2 ** 20 / unit.length)) + line("end");
    assert.equal((await scan(log, { grep })).length, matches, grep);
  }
});

Deno.test("text in which nearly each byte could begin a needle still gives the right lines", async () => {
  const unit = "x".repeat(9) + "y";
  const log = line(unit.repeat(30_000)) + line("xxxxxxxxxx") + line(unit.repeat(20)) +
    line("xxxxxxxxxx");
  for (const direction of ["forward", "backward"] as const) {
    const found = await scan(log, { grep: "xxxxxxxxxx", direction });
    assert.deepEqual(found.map((record) => record.message), ["xxxxxxxxxx", "xxxxxxxxxx"]);
  }
});

Deno.test("a CRI line is exactly a time, a stream, tags and a message", async () => {
  const good = ["F", "P:x F", "F: ", "F:a:b c d", "P "];
  for (const rest of good) {
    assert.equal((await scan(`2024-10-01T00:00:00Z stdout ${rest}\n`)).length, 1, rest);
  }
  const bad = ["", "X a", "Fx a", "f a", "FP a", "F\ta", " F a", "F\r"];
  for (const rest of bad) {
    assert.equal(
      (await scan(`2024-10-01T00:00:00Z stdout ${rest}\n`)).length,
      0,
      JSON.stringify(rest),
    );
  }
  for (const stream of ["stdin", "stdouts", "stder", "std", "STDOUT", "stdoux"]) {
    assert.equal((await scan(`2024-10-01T00:00:00Z ${stream} F a\n`)).length, 0, stream);
  }
});

Deno.test("trailing Unicode white space goes, other invisible characters stay", async () => {
  const spaces = "\t\x0b\x0c\r \u0085\u00a0\u1680\u2000\u2005\u200a\u2028\u2029\u202f\u205f\u3000";
  for (const space of spaces) {
    assert.equal(
      (await scan(line(`a${space}${space}`)))[0]!.message,
      "a",
      space.codePointAt(0)!.toString(16),
    );
  }
  for (const other of "\x1c\x1f\u180e\u200b\u2060\ufeff\x00\u0084\u200c\u2027\u3001") {
    assert.equal(
      (await scan(line(`a${other}`)))[0]!.message,
      `a${other}`,
      other.codePointAt(0)!.toString(16),
    );
  }
});

Deno.test("a byte order mark in a message stays", async () => {
  assert.equal((await scan(line("\ufeffa")))[0]!.message, "\ufeffa");
});

Deno.test("seconds beyond 31 and 32 bits, and before 1970, are whole", async () => {
  const times = [
    "0001-01-01T00:00:00Z",
    "1969-12-31T23:59:59Z",
    "1970-01-01T00:00:00Z",
    "2038-01-19T03:14:08Z",
    "2106-02-07T06:28:16Z",
    "9999-12-31T23:59:59.999999999Z",
  ];
  const found = await scan(times.map((time) => `${time} stdout F x\n`).join(""));
  assert.deepEqual(
    found.map((record) => record.timestamp!.seconds),
    times.map((time) => BigInt(Math.floor(Date.parse(time) / 1000))),
  );
});
