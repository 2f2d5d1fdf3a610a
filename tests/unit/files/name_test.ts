import assert from "node:assert/strict";
import { Failure } from "../../../src/failure/failure.ts";
import {
  checkLogName,
  checkNamespace,
  logFileName,
  parseLogFileName,
} from "../../../src/files/name.ts";

const good = { namespace: "ns", pod_name: "pod", container_name: "app", container_id: "abc123" };

Deno.test("a log file name is taken apart as kubelet puts it together", () => {
  const cases: [string, string[] | null][] = [
    ["pod_ns_app-abc.log", ["pod", "ns", "app", "abc"]],
    ["api.v2-0.prod_team-a_side-car-1-1824.log", ["api.v2-0.prod", "team-a", "side-car-1", "1824"]],
    ["pod_ns_a_b-abc.log", ["pod", "ns", "a_b", "abc"]],
    ["pod_ns_app.log", null],
    ["pod_ns-abc.log", null],
    ["pod_ns_app-.log", null],
    ["_ns_app-abc.log", null],
    ["pod_ns_app-abc.log.1", null],
    ["pod_ns_app-abc.txt", null],
    ["", null],
  ];
  for (const [fileName, parts] of cases) {
    const name = parseLogFileName(fileName);
    const found = name && [name.podName, name.namespace, name.containerName, name.containerId];
    assert.deepEqual(found, parts, fileName);
    if (name !== null) assert.equal(logFileName(name), fileName);
  }
});

Deno.test("legal names pass and the runtime is taken off the id", () => {
  assert.deepEqual(checkLogName({ ...good, container_id: "containerd://AbC9" }), {
    namespace: "ns",
    podName: "pod",
    containerName: "app",
    containerId: "AbC9",
  });
  assert.equal(checkLogName({ ...good, pod_name: "a.b-c.d" }).podName, "a.b-c.d");
  assert.equal(checkLogName({ ...good, pod_name: "a".repeat(253) }).podName.length, 253);
  assert.equal(checkNamespace("kube-system"), "kube-system");
});

Deno.test("an illegal name is refused with its field", () => {
  const cases: [Partial<typeof good>, string][] = [
    [{ namespace: "" }, "namespace"],
    [{ namespace: ".." }, "namespace"],
    [{ namespace: "a/b" }, "namespace"],
    [{ namespace: "a.b" }, "namespace"],
    [{ namespace: "A" }, "namespace"],
    [{ namespace: "a".repeat(64) }, "namespace"],
    [{ namespace: "a\n" }, "namespace"],
    [{ pod_name: "" }, "pod_name"],
    [{ pod_name: "web_default_x" }, "pod_name"],
    [{ pod_name: "../x" }, "pod_name"],
    [{ pod_name: "a..b" }, "pod_name"],
    [{ pod_name: "a".repeat(254) }, "pod_name"],
    [{ pod_name: "a\0b" }, "pod_name"],
    [{ container_name: "" }, "container_name"],
    [{ container_name: "a.b" }, "container_name"],
    [{ container_name: "-a" }, "container_name"],
    [{ container_id: "" }, "container_id"],
    [{ container_id: "containerd://" }, "container_id"],
    [{ container_id: "../abc" }, "container_id"],
    [{ container_id: "containerd://a/b" }, "container_id"],
    [{ container_id: "a://b://c" }, "container_id"],
    [{ container_id: "a-b" }, "container_id"],
  ];
  for (const [fields, field] of cases) {
    assert.throws(
      () => checkLogName({ ...good, ...fields }),
      (e) =>
        e instanceof Failure && e.kind === "invalid-argument" &&
        e.message.includes(`Invalid ${field} `),
      JSON.stringify(fields),
    );
  }
});

Deno.test("a name that is too long for a file is cut in its id as kubelet cuts it, but no further", () => {
  const name = {
    namespace: "n".repeat(60),
    podName: "p".repeat(100),
    containerName: "c".repeat(60),
    containerId: "d".repeat(64),
  };
  const fileName = logFileName(name);
  assert.equal(fileName.length, 255);
  assert.equal(parseLogFileName(fileName)?.containerName, name.containerName);
  assert.throws(
    () => logFileName({ ...name, podName: "p".repeat(250) }),
    (e) => e instanceof Failure && e.kind === "not-found",
  );
});
