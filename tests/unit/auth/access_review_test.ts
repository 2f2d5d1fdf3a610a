import assert from "node:assert/strict";
import { selfReview, subjectReview } from "../../../src/auth/access_review.ts";

Deno.test("both reviews ask for `get pods/log`, in one namespace or in all", () => {
  const attributes = { verb: "get", group: "", resource: "pods", subresource: "log" };
  assert.deepEqual(selfReview("").spec.resourceAttributes, attributes);
  assert.deepEqual(selfReview("ns").spec.resourceAttributes, { ...attributes, namespace: "ns" });
  const review = subjectReview({
    kind: "front-proxy",
    user: "alice",
    groups: ["devs"],
    extra: new Map([["scopes", ["a", "b"]]]),
  }, "ns");
  assert.equal(review.kind, "SubjectAccessReview");
  assert.deepEqual(review.spec, {
    user: "alice",
    groups: ["devs"],
    extra: { scopes: ["a", "b"] },
    resourceAttributes: { ...attributes, namespace: "ns" },
  });
});
