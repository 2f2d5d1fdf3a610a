import assert from "node:assert/strict";
import { PieceCutter } from "../../../src/stream/piece_cutter.ts";

for (const direction of ["forward", "backward"] as const) {
  Deno.test(`pieces ${direction} cover the range once and in order, whatever is learnt`, () => {
    const cutter = new PieceCutter({ from: 17, to: 9_000_017 }, {
      direction,
      maxBytes: 1 << 20,
      targetBytes: 1 << 18,
      smallPieces: 3,
    });
    const pieces = [];
    for (let piece = cutter.next(); piece !== null; piece = cutter.next()) {
      pieces.push(piece);
      assert.ok(piece.to - piece.from <= 1 << 20);
      // Occasionally, a piece produces far more than it should.
      cutter.learn(piece.to - piece.from, pieces.length % 4 === 0 ? 1 << 20 : 100);
    }
    assert.equal(pieces[0]!.to - pieces[0]!.from, 64 * 1024, "the first piece is small");
    if (direction === "backward") pieces.reverse();
    let end = 17;
    for (const piece of pieces) {
      assert.equal(piece.from, end);
      end = piece.to;
    }
    assert.equal(end, 9_000_017);
  });
}

Deno.test("pieces stay small for a page, grow to the largest size, and shrink until results have the wanted size", () => {
  const KIB = 1024;
  const cutter = new PieceCutter({ from: 0, to: 1 << 30 }, {
    direction: "forward",
    maxBytes: 512 * KIB,
    targetBytes: 256 * KIB,
    smallPieces: 2,
  });
  const sizes = (count: number) =>
    Array.from({ length: count }, () => {
      const { from, to } = cutter.next()!;
      return (to - from) / KIB;
    });
  assert.deepEqual(sizes(5), [64, 64, 256, 512, 512]);
  cutter.learn(512 * KIB, 0);
  assert.deepEqual(sizes(1), [512], "a piece without a hit says nothing");
  cutter.learn(512 * KIB, 1024 * KIB);
  assert.deepEqual(sizes(2), [128, 512]);
  cutter.learn(512 * KIB, 512 * 1024 * KIB);
  assert.deepEqual(sizes(1), [64], "no smaller than the first");
});
