import assert from "node:assert/strict";
import { CriParser } from "../../../src/scan/cri.ts";
import { Random, runSeed } from "../../harness/random.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The parser's grammar as one pattern; message and tag are its groups. */
const REFERENCE =
  /^\0*\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z (?:stdout|stderr) ([FP])(?::[^ ]*)?(?: ([^]*))?$/;

function parse(line: string): { message: string; isFinal: boolean } | null {
  const parser = new CriParser();
  const bytes = encoder.encode(line);
  if (!parser.parse(bytes, 0, bytes.length)) return null;
  const message = decoder.decode(parser.text.subarray(parser.start, parser.end));
  return { message, isFinal: parser.isFinal };
}

function reference(line: string): { message: string; isFinal: boolean } | null {
  const match = REFERENCE.exec(line);
  return match === null ? null : { message: match[2] ?? "", isFinal: match[1] === "F" };
}

const TIME = "2024-10-01T05:40:46.960135302Z";

Deno.test("time, stream, tag and message of a line", () => {
  const parser = new CriParser();
  const bytes = encoder.encode(`${TIME} stderr P half a`);
  assert.ok(parser.parse(bytes, 0, bytes.length));
  assert.equal(parser.seconds, Date.parse("2024-10-01T05:40:46Z") / 1000);
  assert.equal(parser.nanos, 960135302);
  assert.deepEqual(parse(`${TIME} stdout F `), { message: "", isFinal: true });
  assert.deepEqual(parse(`${TIME} stdout F`), { message: "", isFinal: true });
  assert.deepEqual(parse(`${TIME} stdout F:x:y a b`), { message: "a b", isFinal: true });
  assert.deepEqual(parse(`\0\0${TIME} stdout P  x`), { message: " x", isFinal: false });
});

Deno.test("a line is parsed within its bounds", () => {
  const parser = new CriParser();
  const bytes = encoder.encode(`before\n${TIME} stdout F x\nafter`);
  assert.ok(parser.parse(bytes, 7, bytes.length - 6));
  assert.equal(decoder.decode(parser.text.subarray(parser.start, parser.end)), "x");
});

Deno.test("damaged lines are parsed as the grammar says", () => {
  const seed = runSeed();
  const random = new Random(seed);
  const whole = `${TIME} stdout F some message`;
  for (let round = 0; round < 5000; round++) {
    let line = whole;
    for (let edits = random.between(1, 3); edits > 0; edits--) {
      // The time reader checks the calendar: edits begin after it.
      const at = random.between(TIME.length, line.length);
      const put = random.pick(["", " ", "F", "P", ":", "x", "stderr", "\0"]);
      line = line.slice(0, at) + put + line.slice(at + random.below(3));
    }
    assert.deepEqual(parse(line), reference(line), `seed ${seed}: ${JSON.stringify(line)}`);
  }
});
