import assert from "node:assert/strict";
import { FollowFrom, type LogRecordsStreamRequest } from "../../../src/generated/cluster_agent.ts";
import { checkRecordsRequest, isFollow } from "../../../src/rpc/records_request.ts";
import { request } from "../../harness/calls.ts";
import { failure } from "../pool/fake_pool.ts";

const log = {
  namespace: "default",
  pod_name: "web-0",
  container_name: "app",
  container_id: "0a1b",
};

Deno.test("a request becomes one value: name, window, direction, follow and pattern", () => {
  const checked = checkRecordsRequest(
    request({
      ...log,
      start_time: "1970-01-01T00:00:01.5Z",
      stop_time: "",
      grep: "  needle\t",
      follow_from: FollowFrom.END,
    }),
    "forward",
  );
  assert.deepEqual({ ...checked, name: { ...checked.name } }, {
    name: {
      namespace: "default",
      podName: "web-0",
      containerName: "app",
      containerId: "0a1b",
    },
    window: { start: { seconds: 1, nanos: 500_000_000 }, stop: null },
    direction: "forward",
    follow: "end",
    grep: "needle",
  });
});

Deno.test("the meaning of follow_from depends on the direction: backward, nothing is followed", () => {
  for (
    const [followFrom, forward] of [
      [FollowFrom.NOOP, null],
      [FollowFrom.DEFAULT, "beginning"],
      [FollowFrom.END, "end"],
    ] as const
  ) {
    const asked = request({ ...log, follow_from: followFrom });
    assert.equal(checkRecordsRequest(asked, "forward").follow, forward);
    assert.equal(checkRecordsRequest(asked, "backward").follow, null);
    assert.equal(isFollow(asked, "forward"), forward !== null);
    assert.equal(isFollow(asked, "backward"), false);
  }
  // An invalid value is a follow until it is refused: such a call counts as unbounded.
  assert.equal(isFollow(request({ follow_from: 7 as FollowFrom }), "forward"), true);
});

Deno.test("a field that is wrong is refused and named; a long one is shortened", () => {
  const refused = (fields: Partial<LogRecordsStreamRequest>, message: RegExp) =>
    assert.throws(
      () => checkRecordsRequest(request({ ...log, ...fields }), "forward"),
      (error) => failure("invalid-argument")(error) && message.test((error as Error).message),
    );
  refused({ start_time: "yesterday" }, /^Cannot parse start_time "yesterday": not RFC3339$/);
  refused({ stop_time: "x".repeat(1000) }, /^Cannot parse stop_time "x{64}": not RFC3339$/);
  refused({ follow_from: 7 as FollowFrom }, /^Unknown follow_from 7: not 0, 1 or 2$/);
  refused({ namespace: "../etc" }, /namespace/);
  refused({ pod_name: "" }, /pod_name/);
});
