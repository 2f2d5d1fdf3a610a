import assert from "node:assert/strict";
import { compareInstants } from "../../../src/scan/instant.ts";

Deno.test("instants are ordered by seconds, then by nanoseconds", () => {
  const ordered = [[-2, 0], [-1, 0], [-1, 999_999_999], [0, 0], [0, 1], [5, 0]] as const;
  const instants = ordered.map(([seconds, nanos]) => ({ seconds, nanos }));
  for (const [i, a] of instants.entries()) {
    for (const [j, b] of instants.entries()) {
      assert.equal(Math.sign(compareInstants(a, b)), Math.sign(i - j));
    }
  }
});
