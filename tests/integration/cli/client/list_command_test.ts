import assert from "node:assert/strict";
import { client } from "../../../../src/cli/client.ts";
import { startAgent, type TestAgent } from "../../../harness/agent.ts";
import { reach, runClient } from "../../../harness/client.ts";
import { CapturedTerminal } from "../../../harness/terminal.ts";

async function run(agent: TestAgent, ...args: string[]) {
  const terminal = new CapturedTerminal();
  const code = await client([...args, ...reach(agent)], terminal);
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

Deno.test("client list shows a table, or JSON, of all namespaces or those named", async () => {
  await using agent = await startAgent();
  const web = agent.logs.add({ content: "x".repeat(2048) });
  agent.logs.add({ namespace: "kube-system", pod: "dns-0", container: "dns" });
  Deno.utimeSync(web.path, 1727758800, 1727758800.25);

  const all = await run(agent, "list");
  assert.equal(all.code, 0);
  const [head, first, second] = all.stdout.split("\n");
  assert.match(head ?? "", /^NAMESPACE +POD +CONTAINER +ID +SIZE +LAST CHANGE$/);
  assert.match(first ?? "", /^default +web-0 +app +\w{12} +2 KiB +2024-10-01T05:00:00Z$/);
  assert.match(second ?? "", /^kube-system +dns-0 +dns /);
  assert.equal(all.stderr, "2 logs.\n");

  const one = await run(agent, "list", "default", "--output", "json");
  assert.deepEqual(JSON.parse(one.stdout), {
    id: web.id,
    spec: {
      node_name: JSON.parse(one.stdout).spec.node_name,
      namespace: "default",
      pod_name: "web-0",
      container_name: "app",
      container_id: web.id,
    },
    fileInfo: { size: 2048, last_modified_at: "2024-10-01T05:00:00.250Z" },
  });
});

Deno.test("one of two agents is away: that is reported, the other answers, exit code 1", async () => {
  await using agent = await startAgent();
  agent.logs.add();
  const { code, stdout, stderr } = await runClient([
    "list",
    ...reach(agent),
    "--addr",
    "localhost:1",
  ]);
  assert.equal(code, 1);
  assert.match(stdout, /default +web-0 +app/);
  assert.match(stderr, /localhost:1: UNAVAILABLE: nothing listens/);
});
