import assert from "node:assert/strict";
import { ByteSet } from "../../../src/scan/byte_set.ts";
import {
  type Exactness,
  isTooMuch,
  joined,
  leastExact,
  type Needle,
  type Part,
  product,
  rarest,
  selectivity,
} from "../../../src/scan/needles.ts";

const needle = (text: string): Needle =>
  [...text].map((letter) => ByteSet.of(letter.charCodeAt(0)));
const shown = (needles: readonly Needle[]) =>
  needles.map((one) => String.fromCharCode(...one.flatMap((set) => set.bytes())));

function part(texts: readonly string[], edge = texts, exact: Exactness = "always"): Part {
  return { needles: texts.map(needle), edge: edge.map(needle), exact };
}

Deno.test("of parts in a row, those at the edges give what is enough of them, the others all", () => {
  const parts = [part(["no"], ["o"]), part(["t "], [" "]), part(["in"], ["i"])];
  assert.deepEqual(shown(joined(parts).needles), ["ot i"]);
  assert.deepEqual(shown(joined([part(["ab"], ["a"])]).needles), ["a"]);
  assert.equal(joined([part(["a"]), part(["b"], ["b"], "ascii")]).exact, "ascii");
});

Deno.test("a product has each head with each tail, in their order", () => {
  const heads = [needle("a"), needle("b")];
  const tails = [needle("x"), needle("yz")];
  assert.deepEqual(shown(product(heads, tails)), ["ax", "ayz", "bx", "byz"]);
});

Deno.test("joined needles stop growing once they are more than a search takes", () => {
  const many = part(Array.from({ length: 5 }, (_, i) => String(i)));
  assert.ok(!isTooMuch(joined([many, many].slice(0, 1)).needles));
  assert.ok(isTooMuch(joined([many, many]).needles));
  // Once there are too many, they do not grow further, however many parts there are.
  assert.equal(joined(Array.from({ length: 50 }, () => many)).needles.length, 25);
});

Deno.test("the rarest run is taken of those that a search takes", () => {
  const runs = ["e", "zq{", "the", "x".repeat(99)].map((text) => part([text]));
  assert.equal(rarest(runs), runs[1]);
  assert.equal(rarest([part(["", "abc"])]), null, "an empty needle is found everywhere");
});

Deno.test("needles are as selective as the least of what they ask for", () => {
  const of = (...texts: string[]) => selectivity(texts.map(needle));
  assert.ok(of("needle") > of("need"));
  assert.ok(of("needle", "timeout") < of("needle"));
  assert.ok(of("zzz") > of("eee"));
  assert.ok(selectivity([[ByteSet.of(0x6e, 0x4e)]]) < of("n"));
});

Deno.test("a combination is as exact as its least exact part", () => {
  const exact = (...all: Exactness[]) => leastExact(all.map((one) => part(["a"], ["a"], one)));
  assert.equal(exact("always", "always"), "always");
  assert.equal(exact("always", "ascii"), "ascii");
  assert.equal(exact("never", "ascii"), "never");
});
