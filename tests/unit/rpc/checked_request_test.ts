import assert from "node:assert/strict";
import { checkedOnce, emptyRequest } from "../../../src/rpc/checked_request.ts";

Deno.test("checked request: what the library keeps of it is empty, whether it was fine or not", () => {
  const fine = { namespaces: ["a", "b"], grep: "x" };
  const checked = checkedOnce({ check: ({ namespaces }) => namespaces.join() }, fine);
  assert.equal(checked, "a,b");
  assert.deepEqual(fine, {});
  const wrong = { grep: "(".repeat(1000) };
  const check = () => {
    throw new Error("wrong");
  };
  assert.throws(() => checkedOnce({ check }, wrong), /wrong/);
  assert.deepEqual(wrong, {});
});

Deno.test("checked request: a stream of requests has no request of its own", () => {
  emptyRequest(undefined);
  emptyRequest(null);
});
