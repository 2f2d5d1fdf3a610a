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
      // Now and then a piece gives far more than it should.
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
