import assert from "node:assert/strict";
import type {
  LogMetadataList,
  LogMetadataWatchEvent,
} from "../../../src/generated/cluster_agent.ts";
import { startAgent } from "../../harness/agent.ts";
import { answer, drain } from "../../harness/calls.ts";
import { criLines } from "../../harness/log_tree.ts";

Deno.test("List tells name, size and time of every log, or of those in the named namespaces", async () => {
  await using agent = await startAgent();
  const web = agent.logs.add({ content: criLines(3) });
  agent.logs.add({ namespace: "kube-system", pod: "dns-0", container: "dns" });
  Deno.utimeSync(web.path, 1727758800, 1727758800.25);

  const list = (namespaces: string[]) =>
    answer<LogMetadataList>((done) => agent.metadata().list({ namespaces }, done));
  assert.deepEqual((await list([])).response?.items.map(({ spec }) => spec?.pod_name).sort(), [
    "dns-0",
    "web-0",
  ]);
  const { response } = await list(["default", ""]);
  assert.equal(response?.items.length, 1);
  const [item] = response.items;
  assert.equal(item?.id, web.id);
  assert.equal(item.spec?.container_name, "app");
  assert.equal(item.fileInfo?.size, BigInt(criLines(3).length));
  assert.deepEqual({ ...item.fileInfo.last_modified_at }, {
    seconds: 1727758800n,
    nanos: 250_000_000,
  });
  assert.deepEqual((await list(["nobody"])).response?.items, []);
});

Deno.test("List and Watch refuse an invalid namespace and name it", async () => {
  await using agent = await startAgent();
  const { code, details } = await answer<LogMetadataList>((done) =>
    agent.metadata().list({ namespaces: ["default", "../etc"] }, done)
  );
  assert.equal(code, "INVALID_ARGUMENT");
  assert.match(details, /"\.\.\/etc"/);
  const ending = await drain(agent.metadata().watch({ namespaces: ["../etc"] }));
  assert.equal(ending.code, "INVALID_ARGUMENT");
});

Deno.test("Watch reports at once that it has begun, and then additions in the named namespaces", async () => {
  await using agent = await startAgent({ watch: { debounceMs: 10 } });
  agent.logs.add({ pod: "before" });
  const call = agent.metadata().watch({ namespaces: ["default", "default", ""] });
  call.on("error", () => {});
  await new Promise((resolve) => call.on("metadata", resolve));
  agent.logs.add({ namespace: "other", pod: "elsewhere" });
  agent.logs.add({ pod: "web-0" });
  const event = await new Promise<LogMetadataWatchEvent>((resolve) => call.on("data", resolve));
  assert.equal(event.type, "ADDED");
  assert.equal(event.object?.spec?.pod_name, "web-0");
  call.cancel();
});
