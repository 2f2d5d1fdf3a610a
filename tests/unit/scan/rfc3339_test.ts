import assert from "node:assert/strict";
import { TimeReader } from "../../../src/scan/rfc3339.ts";
import { Random, runSeed } from "../../harness/random.ts";

function read(text: string): { seconds: number; nanos: number; after: number } | null {
  const reader = new TimeReader();
  const bytes = new TextEncoder().encode(text);
  const after = reader.read(bytes, 0, bytes.length);
  return after < 0 ? null : { seconds: reader.seconds, nanos: reader.nanos, after };
}

Deno.test("random moments are read as Date reads them, one reader for all", () => {
  const seed = runSeed();
  const random = new Random(seed);
  const reader = new TimeReader();
  for (let round = 0; round < 5000; round++) {
    const milliseconds = Math.floor(random.next() * 3.1e14) - 6.2e13;
    const text = `${new Date(milliseconds).toISOString()} rest`;
    const bytes = new TextEncoder().encode(text);
    assert.equal(reader.read(bytes, 0, bytes.length), text.indexOf(" "), `seed ${seed}: ${text}`);
    assert.equal(reader.seconds * 1000 + reader.nanos / 1e6, Date.parse(text.slice(0, -5)), text);
  }
});

Deno.test("fractions and offsets are read, within the limits of a Timestamp", () => {
  assert.deepEqual(read("1970-01-01T00:00:01Z"), { seconds: 1, nanos: 0, after: 20 });
  assert.deepEqual(read("1970-01-01t00:00:01.1234567899z"), {
    seconds: 1,
    nanos: 123456789,
    after: 31,
  });
  assert.deepEqual(read("1970-01-01T01:30:01+01:30"), { seconds: 1, nanos: 0, after: 25 });
  assert.equal(read("0001-01-01T00:00:00Z")?.seconds, -62_135_596_800);
  assert.equal(read("9999-12-31T23:59:59Z")?.seconds, 253_402_300_799);
  assert.equal(read("0001-01-01T00:00:00+00:01"), null);
  assert.equal(read("9999-12-31T23:59:59-00:01"), null);
});

Deno.test("a time that is not RFC 3339 is not read", () => {
  for (
    const text of [
      "",
      "2024-10-01T05:40:46",
      "2024-10-01 05:40:46Z",
      "2024-13-01T05:40:46Z",
      "2023-02-29T05:40:46Z",
      "2024-10-01T24:40:46Z",
      "2024-10-01T05:40:60Z",
      "2024-10-01T05:40:46.Z",
      "2024-10-01T05:40:46+24:00",
      "2024-10-01T05:40:46+0100",
    ]
  ) assert.equal(read(text), null, text);
});
