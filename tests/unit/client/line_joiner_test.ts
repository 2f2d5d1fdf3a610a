import assert from "node:assert/strict";
import { LineJoiner } from "../../../src/client/line_joiner.ts";
import type { LogRecord } from "../../../src/generated/cluster_agent.ts";

function record(seconds: number, message: string, is_final: boolean): LogRecord {
  return { timestamp: { seconds: BigInt(seconds), nanos: 0 }, message, is_final };
}

function join(
  records: readonly LogRecord[],
  options: ConstructorParameters<typeof LineJoiner>[0],
): string[] {
  const joiner = new LineJoiner(options);
  return [...records.flatMap((one) => joiner.add(one)), ...joiner.end()]
    .map(({ timestamp, message }) => `${timestamp?.seconds} ${message}`);
}

const split = [
  record(1, "one", true),
  record(2, "tw", false),
  record(3, "o ", false),
  record(4, "parts", true),
  record(5, "three", true),
  record(6, "no end", false),
];

Deno.test("parts of a line are joined, with the time of the first", () => {
  const options = { direction: "forward", isFiltered: false } as const;
  assert.deepEqual(join(split, options), ["1 one", "2 two parts", "5 three", "6 no end"]);
});

Deno.test("also backward, where a line's last part comes first", () => {
  const options = { direction: "backward", isFiltered: false } as const;
  assert.deepEqual(join(split.toReversed(), options), [
    "6 no end",
    "5 three",
    "2 two parts",
    "1 one",
  ]);
});

Deno.test("with a grep only parts of one time are joined: others may belong to different lines", () => {
  const options = { direction: "forward", isFiltered: true } as const;
  const found = [
    record(2, "match", false),
    record(7, "match", true),
    record(8, "a", false),
    record(8, "b", true),
  ];
  assert.deepEqual(join(found, options), ["2 match", "7 match", "8 ab"]);
});

Deno.test("a line without an end does not gather without end", () => {
  const joiner = new LineJoiner({ direction: "forward", isFiltered: false });
  const part = record(1, "x".repeat(2 ** 20), false);
  let given = 0;
  for (let i = 0; i < 20; i++) given += joiner.add(part).length;
  assert.ok(given > 0);
});
