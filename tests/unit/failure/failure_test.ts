import assert from "node:assert/strict";
import { Failure } from "../../../src/failure/failure.ts";

Deno.test("a failure is an error with a kind, and keeps its cause", () => {
  const cause = new Error("the reason");
  const failure = new Failure("not-found", "Cannot find it", { cause });
  assert.ok(failure instanceof Error);
  assert.deepEqual(
    [failure.name, failure.kind, failure.message, failure.cause],
    ["Failure", "not-found", "Cannot find it", cause],
  );
});
