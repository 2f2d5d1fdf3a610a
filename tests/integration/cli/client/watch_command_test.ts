import assert from "node:assert/strict";
import { client } from "../../../../src/cli/client.ts";
import { startAgent } from "../../../harness/agent.ts";
import { reach } from "../../../harness/client.ts";
import { append, criLines } from "../../../harness/log_tree.ts";
import { CapturedTerminal } from "../../../harness/terminal.ts";

const LOG = "default/web-0/app";

Deno.test("client watch shows what appears, changes and goes", async () => {
  await using agent = await startAgent({ watch: { debounceMs: 10 } });
  const terminal = new CapturedTerminal();
  const done = client(["watch", "default", "--limit", "3", ...reach(agent)], terminal);
  await terminal.shows("Watching ", done);
  agent.logs.add({ namespace: "other" });
  const web = agent.logs.add();
  await terminal.shows(`ADDED     ${LOG}/${web.id.slice(0, 12)}  0 B`, done);
  append(web, criLines(1));
  await terminal.shows(`MODIFIED  ${LOG}/${web.id.slice(0, 12)}  `, done);
  Deno.removeSync(web.link);
  assert.equal(await done, 0);
  assert.ok(terminal.stdout.endsWith(`DELETED   ${LOG}/${web.id.slice(0, 12)}\n`), terminal.stdout);
  assert.ok(!terminal.stdout.includes("other"));
  assert.ok(terminal.stderr.endsWith("Ended at --limit: 3 events.\n"));
});
