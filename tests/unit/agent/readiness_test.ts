import assert from "node:assert/strict";
import { Readiness, type ReadinessSources } from "../../../src/agent/readiness.ts";
import { defaults } from "../../../src/config/schema.ts";
import { LogTree } from "../../harness/log_tree.ts";

const healthy: ReadinessSources = {
  certificateNotAfterMs: () => Date.now() + 60_000,
  reviewProblem: () => null,
};

function readiness(tree: LogTree): Readiness {
  return new Readiness({
    ...defaults,
    containerLogsDir: tree.containerLogsDir,
    logRoots: [tree.dir],
  });
}

Deno.test("an agent is ready from when it serves until it stops", () => {
  using tree = new LogTree();
  using ready = readiness(tree);
  assert.deepEqual(ready.problems(), ["The agent is starting"]);
  ready.serving(healthy, () => {});
  assert.deepEqual(ready.problems(), []);
  ready.stopping();
  assert.deepEqual(ready.problems(), ["The agent is stopping"]);
});

Deno.test("everything that keeps it from its work is named", () => {
  using tree = new LogTree();
  using ready = readiness(tree);
  ready.serving({
    certificateNotAfterMs: () => Date.UTC(2020, 0, 1),
    reviewProblem: () => "forbidden",
    listenerProblems: () => ["addr accepts no connections"],
  }, () => {});
  assert.deepEqual(ready.problems(), [
    `The certificate ${defaults.tls.certFile} expired 2020-01-01T00:00:00.000Z`,
    "No call can be authorized: forbidden",
    "addr accepts no connections",
  ]);
});

Deno.test("a missing log folder is a problem as long as it is missing", () => {
  using tree = new LogTree();
  using ready = new Readiness({
    ...defaults,
    containerLogsDir: `${tree.dir}/later`,
    logRoots: [tree.dir],
  });
  ready.serving(healthy, () => {});
  assert.equal(ready.problems().length, 1);
  assert.match(ready.problems()[0] ?? "", /later/);
  Deno.mkdirSync(`${tree.dir}/later`);
  assert.deepEqual(ready.problems(), []);
});

Deno.test("without TLS no certificate expires", () => {
  using tree = new LogTree();
  using ready = readiness(tree);
  ready.serving({ ...healthy, certificateNotAfterMs: () => null }, () => {});
  assert.deepEqual(ready.problems(), []);
});

Deno.test("a watcher is notified at once, and not again while nothing changes", () => {
  using tree = new LogTree();
  using ready = readiness(tree);
  const told: boolean[] = [];
  ready.serving(healthy, (isReady) => told.push(isReady));
  assert.deepEqual(told, [true]);
});
