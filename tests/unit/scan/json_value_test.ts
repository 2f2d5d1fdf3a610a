import assert from "node:assert/strict";
import { afterValue } from "../../../src/scan/json_value.ts";
import { Random, runSeed } from "../../harness/random.ts";

const encoder = new TextEncoder();

function isValue(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function checkLikeParse(text: string, label = ""): void {
  const bytes = encoder.encode(text);
  const isWhole = afterValue(bytes, 0, bytes.length) === bytes.length;
  assert.equal(isWhole, isValue(text), `${label} ${text}`);
}

Deno.test("a JSON value ends where JSON.parse says that it does", () => {
  const texts = [
    ...["{}", "[]", "[1]", "[1,]", "[,1]", "{,}", '{"a":1,}', '{"a":1}', '{"a":{"b":[{}]}}'],
    ...["0", "-0", "00", "01", "1.", ".5", "1.5", "1e5", "1E+5", "1e", "1e+", "-", "+1", "1.e5"],
    ...["true", "tru", "false", "null", "nul", "True", '"', '"a', '"a"', '"\\"', '"\\u00e"'],
    ...['"\\u00e9"', '"\\x"', '"\t"', '{"a"}', "{1:2}", '{"a" : [ 1 , 2 ] }', "[1}", "{]", "[[]"],
  ];
  for (const text of texts) checkLikeParse(text);
});

Deno.test("random JSON values, whole and damaged, end where JSON.parse says that they do", () => {
  const seed = runSeed();
  const tokens = ["{", "}", "[", "]", ",", ":", '"a"', '"\\n"', "1", "-2.5e3", "true", "null", " "];
  for (let round = 0; round < 20_000; round++) {
    const random = new Random(seed + round);
    const length = 1 + random.below(9);
    checkLikeParse(
      Array.from({ length }, () => random.pick(tokens)).join("").trim(),
      `SEED=${seed + round}`,
    );
  }
});

Deno.test("nothing is read behind the end, and no depth costs memory", () => {
  const bytes = encoder.encode('{"a":1}');
  for (let to = 0; to < bytes.length; to++) assert.equal(afterValue(bytes, 0, to), -1);
  assert.equal(afterValue(encoder.encode("[".repeat(1_000_000)), 0, 1_000_000), -1);
});
