import assert from "node:assert/strict";
import { collectGarbage } from "../../../src/platform/memory.ts";

Deno.test("unreferenced objects are collected at once", async () => {
  // In a separate function, whose variables are gone when it returns.
  const weak = (() => new WeakRef({ some: "thing" }))();
  await new Promise((resolve) => setTimeout(resolve)); // A WeakRef keeps its target until the end of the job.
  collectGarbage();
  assert.equal(weak.deref(), undefined);
});

Deno.test("without --expose-gc nothing happens", () => {
  const { gc } = globalThis as { gc?: () => void };
  Object.assign(globalThis, { gc: undefined });
  try {
    collectGarbage();
  } finally {
    Object.assign(globalThis, { gc });
  }
});
