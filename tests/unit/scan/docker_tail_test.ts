import assert from "node:assert/strict";
import { DockerTail } from "../../../src/scan/docker_tail.ts";
import { Random, runSeed } from "../../harness/random.ts";
import { referenceTime } from "./reference.ts";

const encoder = new TextEncoder();
const TIMES = [
  "2024-10-01T05:40:46.960135302Z",
  "2024-10-01T05:40:46Z",
  "2024-10-01T05:40:46.5+02:00",
  "1969-12-31T23:59:59.999999999Z",
];

function parsed(tail: DockerTail, bytes: Uint8Array, from = 0) {
  return tail.parse(bytes, from, bytes.length)
    ? { seconds: BigInt(tail.seconds), nanos: tail.nanos, isFinal: tail.isFinal }
    : null;
}

Deno.test("the end of a line tells its time and whether its text ends with a newline, as JSON.parse does", () => {
  const seed = runSeed();
  console.log(`SEED=${seed}`);
  const random = new Random(seed);
  const tail = new DockerTail();
  const pieces = ['"', "\\", "\n", '"time":"', '","stream":"', "n", "text ", "\u65e5", "\\n"];
  for (let round = 0; round < 2000; round++) {
    const log = Array.from({ length: random.below(30) }, () => random.pick(pieces)).join("");
    const time = random.pick(TIMES);
    const line = JSON.stringify({ log, stream: random.pick(["stdout", "stderr"]), time });
    const bytes = encoder.encode(line);
    // As the caller does: the end of the line, from anywhere before the backslashes with which the text ends.
    const text = line.slice(0, line.lastIndexOf('","stream":"')).replace(/\\*n?$/, "");
    const from = random.below(Math.max(1, encoder.encode(text).length));
    if (bytes.length - from < 64) continue;
    assert.deepEqual(
      parsed(tail, bytes, from),
      { ...referenceTime(time), isFinal: log.endsWith("\n") },
      `SEED=${seed} ${line}`,
    );
  }
});

Deno.test("a text that ends with a backslash and an n was taken for one that ends with a newline", () => {
  for (const [log, isFinal] of [["\\n", false], ["\\\n", true], ["\\\\n", false]] as const) {
    const line = JSON.stringify({ log: "x".repeat(50) + log, stream: "stdout", time: TIMES[0] });
    assert.equal(parsed(new DockerTail(), encoder.encode(line))?.isFinal, isFinal, line);
  }
});

Deno.test("a line that does not end like Docker's lines is not one", () => {
  const tail = new DockerTail();
  const log = "x".repeat(100);
  const time = TIMES[0];
  for (
    const line of [
      JSON.stringify({ log, stream: "stdout", time: "yesterday" }),
      JSON.stringify({ log, time, stream: "stdout" }),
      JSON.stringify({ log, stream: "stdout", time }).slice(0, -1),
      `${JSON.stringify({ log, stream: "stdout", time })} `,
      log,
      `"time":"${time}"}`, // Shorter than any line of which only the end is read.
    ]
  ) assert.equal(parsed(tail, encoder.encode(line)), null, line);
});
