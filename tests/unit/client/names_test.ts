import assert from "node:assert/strict";
import { logName, timeText } from "../../../src/client/names.ts";

Deno.test("a log is called by namespace, pod and container", () => {
  const spec = { container_name: "app", namespace: "default", node_name: "n", pod_name: "web-0" };
  const id = "0123";
  assert.equal(
    logName({ id, spec: { ...spec, container_id: id }, fileInfo: undefined }),
    "default/web-0/app",
  );
});

Deno.test("a time has 0, 3, 6 or 9 digits of a second's fraction, before 1970 too", () => {
  assert.equal(timeText({ seconds: 1727758800n, nanos: 0 }), "2024-10-01T05:00:00Z");
  assert.equal(timeText({ seconds: 1727758800n, nanos: 120_000 }), "2024-10-01T05:00:00.000120Z");
  assert.equal(timeText({ seconds: 1727758800n, nanos: 1 }), "2024-10-01T05:00:00.000000001Z");
  assert.equal(timeText({ seconds: -1n, nanos: 500_000_000 }), "1969-12-31T23:59:59.500Z");
  assert.equal(timeText(undefined), "1970-01-01T00:00:00Z");
});
