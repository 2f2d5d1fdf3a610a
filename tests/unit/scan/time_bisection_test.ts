import assert from "node:assert/strict";
import type { ByteSource } from "../../../src/scan/byte_source.ts";
import type { LogFormat } from "../../../src/scan/format.ts";
import { BLOCK_BYTES } from "../../../src/scan/source_window.ts";
import { TimeBisection } from "../../../src/scan/time_bisection.ts";

const MIB = 2 ** 20;
const SIZE = 32 * MIB;
const encode = (text: string) => new TextEncoder().encode(text);
const TIME = "2024-10-01T05:00:01Z";
const LATER = "2024-10-01T05:00:09Z";

/** A source that is never in memory: a beginning, a repeated unit, and an end. */
class Repeated implements ByteSource {
  readonly size = SIZE;
  bytesRead = 0;
  sinceTurn = 0;
  most = 0;
  turns = 0;
  readonly #unit: Uint8Array;

  constructor(readonly begin: string, unit: string, readonly end: string) {
    this.#unit = encode(unit);
  }

  readAt(offset: number, into: Uint8Array): number {
    const count = Math.min(into.length, SIZE - offset);
    const { length } = this.#unit;
    if (length === 1) into.fill(this.#unit[0]!, 0, count);
    else for (let i = 0; i < count; i++) into[i] = this.#unit[(offset + i) % length]!;
    this.#lay(encode(this.begin), 0, offset, into.subarray(0, count));
    this.#lay(encode(this.end), SIZE - this.end.length, offset, into.subarray(0, count));
    this.bytesRead += count;
    this.sinceTurn += count;
    this.most = Math.max(this.most, this.sinceTurn);
    return count;
  }

  #lay(bytes: Uint8Array, at: number, offset: number, into: Uint8Array): void {
    for (let i = 0; i < bytes.length; i++) {
      const place = at + i - offset;
      if (place >= 0 && place < into.length) into[place] = bytes[i]!;
    }
  }

  breathe = () => {
    this.turns++;
    this.sinceTurn = 0;
    return null;
  };
}

const line = (at: string) => `${at} stdout F a\n`;
const hostile: readonly [string, LogFormat, string, string, string][] = [
  ["NULs alone", "cri", "", "\0", ""],
  ["a line, then NULs", "cri", line(TIME), "\0", ""],
  ["NULs between two lines", "cri", line(TIME), "\0", line(LATER)],
  ["one line", "cri", `${TIME} stdout F `, "x", "\n"],
  ["a line, then one without a time or an end", "cri", line(TIME), "x", ""],
  ["small parts that never end", "cri", line(TIME), `${LATER} stdout P xxxxxxxxxx\n`, ""],
  ["a Docker line", "docker", `{"log":"`, "x", `","stream":"stdout","time":"${TIME}"}\n`],
  ["Docker, NULs alone", "docker", "", "\0", ""],
];

for (const [title, format, begin, unit, end] of hostile) {
  const searches: readonly [string, (search: TimeBisection) => Promise<unknown>][] = [
    ["the first time", (search) => search.head()],
    ["the first line", (search) => search.firstLine(({ seconds }) => seconds > 2e9)],
    ["the last final line", (search) => search.lastFinalEnd(SIZE, () => true)],
  ];
  for (const [what, search] of searches) {
    Deno.test(`${title}: ${what} is found in blocks, others have their turn between them, and time is linear`, async () => {
      const source = new Repeated(begin, unit, end);
      const range = { from: 0, to: SIZE };
      await search(new TimeBisection(source, format, range, source.breathe));
      assert.ok(source.most <= 4 * BLOCK_BYTES, `${source.most} bytes between two turns`);
      assert.ok(source.bytesRead <= 5 * SIZE, `${source.bytesRead} bytes read of ${SIZE}`);
    });
  }
}

Deno.test("the first line for which something holds, and the last final one, are found in a log in order", async () => {
  const lines = Array.from(
    { length: 5000 },
    (_, i) => `${new Date(1.7e12 + i * 1000).toISOString()} stdout F ${i}\n`,
  );
  const bytes = encode(lines.join(""));
  const source = {
    size: bytes.length,
    readAt(offset: number, into: Uint8Array) {
      const part = bytes.subarray(offset, offset + into.length);
      into.set(part);
      return part.length;
    },
  };
  const range = { from: 0, to: bytes.length };
  const search = () => new TimeBisection(source, "cri", range, () => null);
  const offsetOf = (n: number) => lines.slice(0, n).join("").length;
  assert.equal((await search().head())?.seconds, 1.7e9);
  assert.equal(await search().firstLine(({ seconds }) => seconds >= 1.7e9 + 4000), offsetOf(4000));
  assert.equal(await search().firstLine(() => false), bytes.length);
  const end = await search().lastFinalEnd(bytes.length, ({ seconds }) => seconds < 1.7e9 + 3);
  assert.equal(end, offsetOf(3));
});
