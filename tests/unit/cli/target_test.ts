import assert from "node:assert/strict";
import { choose, parseTarget } from "../../../src/cli/client/target.ts";
import { UsageError } from "../../../src/cli/terminal.ts";
import { Failure } from "../../../src/failure/failure.ts";
import type { LogMetadata } from "../../../src/generated/cluster_agent.ts";

function log(pod: string, container: string, id: string, seconds = 0n, nanos = 0): LogMetadata {
  return {
    id,
    spec: {
      node_name: "node-1",
      namespace: "ns",
      pod_name: pod,
      container_name: container,
      container_id: id,
    },
    fileInfo: { size: 0n, last_modified_at: { seconds, nanos } },
  };
}

for (
  const [text, container, id] of [
    ["ns/pod", null, null],
    ["ns/pod/app", "app", null],
    ["ns/pod/app/abc", "app", "abc"],
    ["ns/pod/app/containerd://abc", "app", "containerd://abc"],
  ] as const
) {
  Deno.test(`a log's name is read: ${text}`, () => {
    assert.deepEqual(parseTarget(text), { namespace: "ns", pod: "pod", container, id });
  });
}

for (const text of ["", "ns", "ns/", "/pod", "ns/pod/", "ns//app", "ns/pod/app/"]) {
  Deno.test(`not a log's name: ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseTarget(text), UsageError);
  });
}

Deno.test("of a restarted container the newest log is chosen, by nanoseconds if need be", () => {
  const logs = [
    log("pod", "app", "a", 5n, 1),
    log("pod", "app", "b", 5n, 2),
    log("pod", "app", "c", 4n),
  ];
  const chosen = choose(parseTarget("ns/pod/app"), logs);
  assert.equal(chosen.log.id, "b");
  assert.deepEqual(chosen.older.map(({ id }) => id), ["a", "c"]);
});

Deno.test("without a container the pod's only one is chosen, of several none", () => {
  assert.equal(
    choose(parseTarget("ns/pod"), [log("pod", "app", "a"), log("x", "y", "b")]).log.id,
    "a",
  );
  assert.throws(
    () => choose(parseTarget("ns/pod"), [log("pod", "b", "1"), log("pod", "a", "2")]),
    (error) =>
      error instanceof Failure && error.kind === "invalid-argument" &&
      error.message.endsWith("ns/pod/a, ns/pod/b"),
  );
});

Deno.test("where nothing fits, what there is is told: the pod's containers, else all logs", () => {
  const logs = [log("pod", "app", "a"), log("other", "app", "b")];
  const told = (target: string) => {
    try {
      choose(parseTarget(target), logs);
    } catch (error) {
      assert.ok(error instanceof Failure && error.kind === "not-found");
      return error.message;
    }
    throw new Error("chosen");
  };
  assert.equal(told("ns/pod/db"), "No log of ns/pod/db on this node; there are ns/pod/app");
  assert.equal(
    told("ns/x/db"),
    "No log of ns/x/db on this node; there are ns/other/app, ns/pod/app",
  );
});
