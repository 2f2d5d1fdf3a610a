import assert from "node:assert/strict";
import { notFoundText, parseTarget, select } from "../../../../src/cli/client/target.ts";
import { UsageError } from "../../../../src/cli/terminal.ts";
import type { LogMetadata } from "../../../../src/generated/cluster_agent.ts";

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
    ["ns/pod/app/containerd://abc", "app", "abc"],
  ] as const
) {
  Deno.test(`a target is read: ${text}`, () => {
    assert.deepEqual(parseTarget(text), { text, namespace: "ns", pod: "pod", container, id });
  });
}

for (const text of ["", "ns", "ns/", "/pod", "ns/pod/", "ns//app", "ns/pod/app/"]) {
  Deno.test(`not a target: ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseTarget(text), UsageError);
  });
}

const ids = (target: string, logs: LogMetadata[]) =>
  select(parseTarget(target), logs).logs.map(({ id }) => id).sort();

Deno.test("the newest log of a restarted container is selected, by nanoseconds if necessary", () => {
  const logs = [
    log("pod", "app", "a", 5n, 1),
    log("pod", "app", "b", 5n, 2),
    log("pod", "app", "c", 4n),
  ];
  assert.deepEqual(ids("ns/pod/app", logs), ["b"]);
});

Deno.test("a container id is selected by its beginning, as list prints it", () => {
  const logs = [log("pod", "app", "0123456789abcdef"), log("pod", "app", "fedcba", 9n)];
  assert.deepEqual(ids("ns/pod/app/0123456789ab", logs), ["0123456789abcdef"]);
  assert.deepEqual(ids("ns/pod/app/containerd://fed", logs), ["fedcba"]);
});

Deno.test("a pod is selected by its exact name alone, else by its beginning or a pattern", () => {
  const logs = [
    log("web", "app", "1"),
    log("web-0", "app", "2"),
    log("web-1", "app", "3"),
    log("web-1", "proxy", "4"),
    log("db-0", "app", "5"),
  ];
  assert.deepEqual(ids("ns/web", logs), ["1"]);
  assert.deepEqual(ids("ns/web-", logs), ["2", "3", "4"]);
  assert.deepEqual(ids("ns/web-1", logs), ["3", "4"]);
  assert.deepEqual(ids("ns/web-/pro", logs), ["4"]);
  assert.deepEqual(ids("ns/*-0", logs), ["2", "5"]);
  assert.deepEqual(ids("ns/*/app", logs), ["1", "2", "3", "5"]);
  assert.deepEqual(ids("other/web", logs), []);
  // A pattern's other characters are not an expression.
  assert.deepEqual(ids("ns/w.b*", logs), []);
});

Deno.test("a selection takes in what appears later, and nothing beside it", () => {
  const { selection } = select(parseTarget("ns/web-"), [log("web-0", "app", "1")]);
  assert.equal(selection.isExact, false);
  assert.ok(selection.includes(log("web-7", "app", "9")));
  assert.ok(!selection.includes(log("db-0", "app", "9")));
  const exact = select(parseTarget("ns/web"), [log("web", "app", "1")]).selection;
  assert.equal(exact.isExact, true);
  assert.ok(exact.includes(log("web", "app", "2")), "the restarted container");
  assert.ok(!exact.includes(log("web-0", "app", "3")));
});

Deno.test("when nothing matches, the alternatives are named: the pod's containers, else all logs", () => {
  const logs = [log("pod", "app", "a"), log("other", "app", "b")];
  const text = (target: string) => notFoundText(parseTarget(target), logs, "this node");
  assert.equal(text("ns/pod/db"), "No log of ns/pod/db on this node; there are ns/pod/app");
  assert.equal(
    text("ns/x/db"),
    "No log of ns/x/db on this node; there are ns/other/app, ns/pod/app",
  );
  assert.equal(
    text("ns/pod/app/zz"),
    "No log of ns/pod/app/zz on this node; there are ns/pod/app/a",
  );
  assert.equal(text("gone/x"), "No logs of namespace gone on this node; there are logs of ns");
});
