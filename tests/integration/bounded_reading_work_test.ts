/** Time and memory do not grow with the length of a line or a run: measured in bytes read, not in seconds. */
import assert from "node:assert/strict";
import { type HostileText, type Work, workOf } from "./bounded_reading/work.ts";

const MIB = 2 ** 20;
const BEFORE = "2024-10-01T05:00:00Z stdout F before\n";
const AFTER = "2024-10-01T05:00:10Z stdout F after\n";
const HEADER = "2024-10-01T05:00:10Z stdout F ";

const texts: Readonly<Record<string, HostileText>> = {
  "a long line": { begin: BEFORE + HEADER, byte: 0x78, end: `\n${AFTER}` },
  "a long line that does not end": { begin: BEFORE + HEADER, byte: 0x78, end: "" },
  "NULs between two lines": { begin: BEFORE, byte: 0, end: AFTER },
  "NULs without a line feed": { begin: BEFORE, byte: 0, end: "" },
  "a line without a time": { begin: BEFORE, byte: 0x78, end: `\n${AFTER}` },
  "empty lines": { begin: BEFORE, byte: 0x0a, end: AFTER },
};
const window: [string, string] = ["2024-10-01T04:00:00Z", "2024-10-01T06:00:00Z"];
const reads: readonly Parameters<typeof workOf>[2][] = [
  { direction: "forward" },
  { direction: "backward" },
  { direction: "forward", grep: "after|x$" },
  { direction: "backward", window },
];

/** How many times a byte is read at most: for planning, to find where a line ends and is split, and to deliver it. */
const MAX_READS = 10;

for (const [name, text] of Object.entries(texts)) {
  for (const options of reads) {
    const how = Object.values(options).join(", ");
    Deno.test(`work is linear, and no read is larger than a record allows: ${name}, ${how}`, async () => {
      const [small, large] = [await workOf(text, 10, options), await workOf(text, 40, options)];
      const growth = large.read / small.read;
      assert.ok(growth <= 4.2, `four times the text took ${growth.toFixed(2)} times the reading`);
      const length = 40 * MIB + text.begin.length + text.end.length;
      assert.ok(large.read <= MAX_READS * length, `${large.read} bytes read of ${length}`);
      assert.ok(large.largestRead <= 3 * MIB, `${large.largestRead} bytes in one read`);
      // Where a scan pauses, and therefore what it reads next, depends on the machine's speed: less than twice as much.
      const largest = [large.largestRead, small.largestRead];
      assert.ok(Math.max(...largest) < 2 * Math.min(...largest), `${largest} bytes in one read`);
      expectAll(text, large, options);
    });
  }
}

/** Checks that all bytes of the line are delivered, in every mode. */
function expectAll(text: HostileText, work: Work, { grep = "" }: { readonly grep?: string }): void {
  const isLine = text.begin.length > BEFORE.length;
  if (grep !== "") return;
  const short = "before".length + (text.end.endsWith(AFTER) ? "after".length : 0);
  assert.equal(work.delivered, (isLine ? 40 * MIB : 0) + short);
}
