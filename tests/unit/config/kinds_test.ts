import assert from "node:assert/strict";
import { parseAddress } from "../../../src/config/address.ts";
import { duration, size, Untyped } from "../../../src/config/kinds.ts";
import { editDistance, nearest } from "../../../src/config/nearest.ts";

Deno.test("durations: every unit, sums, fractions, and what is written reads the same", () => {
  const kind = duration({ min: "0s", max: "24h" });
  const cases: [string, number][] = [
    ["500ms", 500],
    ["30s", 30_000],
    ["5m", 300_000],
    ["1h", 3_600_000],
    ["1h30m", 5_400_000],
    ["1m0.5s", 60_500],
    ["1.5h", 5_400_000],
    ["0", 0],
    ["0s", 0],
  ];
  for (const [text, milliseconds] of cases) {
    assert.equal(kind.read(text), milliseconds, text);
    assert.equal(kind.read(new Untyped(text, "option")), milliseconds, text);
    assert.equal(kind.read(kind.write(milliseconds)), milliseconds, text);
  }
  for (const text of ["", "5", "s", "5 s", "5S", "1h-3m", "1e3s", "٣s", "5d", "25h", "1s\n"]) {
    assert.throws(() => kind.read(text), { name: "Mismatch" }, JSON.stringify(text));
  }
  for (const value of [5, null, true, {}, []]) assert.throws(() => kind.read(value));
});

Deno.test("sizes: numbers and units, decimal and binary", () => {
  const kind = size({ min: 1, max: 3_000_000_000 });
  const cases: [unknown, number][] = [
    [17, 17],
    ["17", 17],
    ["17B", 17],
    ["2kB", 2000],
    ["2KB", 2000],
    ["2KiB", 2048],
    ["2Ki", 2048],
    ["1.5MiB", 1_572_864],
    ["2 MB", 2_000_000],
    ["1GiB", 1_073_741_824],
    [new Untyped("2MiB", "environment"), 2_097_152],
  ];
  for (const [value, bytes] of cases) {
    assert.equal(kind.read(value), bytes);
    assert.equal(kind.read(kind.write(bytes)), bytes);
  }
  for (const value of [0, -1, 1.5, "0", "1.3B", "2mb", "KiB", "2TiB", "4GB", "", null, true]) {
    assert.throws(() => kind.read(value), { name: "Mismatch" }, String(value));
  }
});

Deno.test("addresses: a port always, brackets around IPv6, an empty host for every address", () => {
  assert.deepEqual(parseAddress(":50051"), { host: "", port: 50051 });
  assert.deepEqual(parseAddress("127.0.0.1:0"), { host: "127.0.0.1", port: 0 });
  assert.deepEqual(parseAddress("[::1]:65535"), { host: "::1", port: 65535 });
  assert.deepEqual(parseAddress("[fe80::1%eth0]:1"), { host: "fe80::1%eth0", port: 1 });
  assert.deepEqual(parseAddress("node-1.example:80"), { host: "node-1.example", port: 80 });
  for (const text of ["", "80", "localhost", "::1:80", "[]:80", ":65536", ":x", "a b:1", "a:1 "]) {
    assert.equal(parseAddress(text), null, text);
  }
});

Deno.test("the nearest key: letters added, lost, replaced, swapped, and other ways to join words", () => {
  assert.equal(editDistance("kitten", "sitting"), 3);
  assert.equal(editDistance("level", "lvele"), 2);
  assert.equal(editDistance("tls", "tsl"), 1);
  assert.equal(editDistance("", "abc"), 3);
  assert.equal(nearest("Log_Roots", ["log-roots", "logging"]), "log-roots");
  assert.equal(nearest("xyz", ["log-roots", "logging"]), null);
  assert.equal(nearest("xyz", []), null);
});
