import assert from "node:assert/strict";
import type { LinePolicy } from "../../../src/scan/line_policy.ts";
import { Random, runSeed } from "../../harness/random.ts";
import { allLines, encode, policy, range, source } from "./all_lines.ts";

const HEADER = "2024-10-01T00:00:00.000000007Z stdout ";

Deno.test("a CRI line longer than the limit is delivered in parts, the same in both directions", () => {
  const seed = runSeed();
  for (let round = 0; round < 20; round++) {
    const random = new Random(seed + round);
    const unit = random.pick(["x", "äé", "日本語", "\u{1f600}a", "x\0", "\u2028y "]);
    const message = unit.repeat(Math.ceil((1_300_000 + random.below(3_000_000)) / unit.length));
    const whitespace = random.pick(["", " ", "\u3000 ".repeat(100_000)]);
    const tag = random.pick(["F", "P"]);
    const nuls = "\0".repeat(random.pick([0, 1, 300_000]));
    const lines = ["short\n", `${nuls}${HEADER}${tag} ${message}${whitespace}\n`, "last\n"];
    const bytes = encode(lines.join(""));
    const all = range(0, bytes.length, bytes.length);
    const label = `SEED=${seed + round}`;
    const forward = allLines(source(bytes), all, policy("forward"), () => 65_536);
    const backward = allLines(source(bytes), all, policy("backward"), () => 65_536);
    assert.deepEqual(backward.lines.toReversed(), forward.lines, label);
    assert.equal(forward.lines[0], "short\n");
    assert.equal(forward.lines.at(-1), "last\n");
    const parts = forward.lines.slice(1, -1);
    assert.ok(parts.length >= 2, label);
    const whole = `${message}${whitespace}`;
    let joined = parts.map((part) => part.slice(HEADER.length + 2)).join("");
    if (tag === "F") joined = joined.trimEnd();
    assert.equal(joined, tag === "F" ? whole.trimEnd() : whole, label);
    for (const [i, part] of parts.entries()) {
      const isLast = i === parts.length - 1;
      assert.equal(part.slice(0, HEADER.length + 2), `${HEADER}${isLast ? tag : "P"} `, label);
      assert.ok(encode(part.trimEnd()).length <= 1_100_000 + HEADER.length + 2, label);
    }
    assert.ok(forward.largest <= 1_200_000 && backward.largest <= 1_200_000, label);
  }
});

Deno.test("a run of NULs is skipped, whatever its length and whatever follows", () => {
  const nuls = "\0".repeat(3_000_000);
  const cases: [string, string[], number][] = [
    [`a\n${nuls}b\n`, ["a\n", "b\n"], 0],
    [`a\n${nuls}`, ["a\n"], 1],
    [`${nuls}\nb\n`, ["\n", "b\n"], 0],
    [`${nuls}b`, ["b"], 0],
    [`${nuls}${nuls}\n${nuls}c\n`, ["\n", "c\n"], 0],
  ];
  for (const [text, expected, malformed] of cases) {
    const bytes = encode(text);
    for (const direction of ["forward", "backward"] as const) {
      for (const format of ["cri", "docker"] as const) {
        const all = range(0, bytes.length, bytes.length);
        const small: LinePolicy = { ...policy(direction, format), heldBytes: 100_000 };
        const got = allLines(source(bytes), all, small, () => 65_536);
        if (direction === "backward") got.lines.reverse();
        assert.deepEqual(got.lines, expected);
        assert.equal(got.malformed, malformed);
      }
    }
  }
});

Deno.test("a long line without a header, and one of Docker's, is skipped and counted once", () => {
  const log = (line: string) => encode(`a\n${line}\nb\n`);
  const docker = `{"log":"${
    "x".repeat(17 << 20)
  }","stream":"stdout","time":"2024-10-01T00:00:00Z"}`;
  for (const direction of ["forward", "backward"] as const) {
    for (
      const [bytes, format] of [[log("y".repeat(2_000_000)), "cri"], [
        log(docker),
        "docker",
      ]] as const
    ) {
      const of = source(bytes);
      const all = range(0, bytes.length, bytes.length);
      const got = allLines(of, all, policy(direction, format), () => 65_536);
      if (direction === "backward") got.lines.reverse();
      assert.deepEqual([got.lines, got.malformed], [["a\n", "b\n"], 1]);
    }
  }
});
