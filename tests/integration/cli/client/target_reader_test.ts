import assert from "node:assert/strict";
import { client } from "../../../../src/cli/client.ts";
import { startAgent } from "../../../harness/agent.ts";
import { reach, runClient } from "../../../harness/client.ts";
import { criLine, secondsAfterFive, thirds } from "../../../harness/log_tree.ts";
import { CapturedTerminal } from "../../../harness/terminal.ts";

Deno.test("an unknown namespace is reported with those that exist, exit code 1", async () => {
  await using agent = await startAgent();
  agent.logs.add();
  agent.logs.add({ namespace: "kube-system", pod: "dns-0", container: "dns" });
  const told = "No logs of namespace nowhere on this node; there are logs of default, kube-system";
  for (const args of [["list", "nowhere"], ["forward", "nowhere/web"], ["backward", "nowhere/x"]]) {
    const { code, stdout, stderr } = await runClient([...args, ...reach(agent)]);
    assert.deepEqual([code, stdout, stderr], [1, "", `${told}\n`], args.join(" "));
  }
});

Deno.test("an error message of a server reaches no terminal raw", async () => {
  await using agent = await startAgent();
  agent.logs.add();
  const terminal = new CapturedTerminal({ columns: 80 });
  const evil = "default/\x1b]0;title\x07web";
  await runClient(["forward", evil, ...reach(agent)], terminal);
  await runClient(
    ["forward", "default/web-0", "--grep", "(\x1b[8m\u009b", ...reach(agent)],
    terminal,
  );
  // deno-fmt-ignore
  assert.ok(!/(?!\n)\p{Cc}/u.test(terminal.stderr), JSON.stringify(terminal.stderr));
  assert.match(terminal.stderr, /\\x1b\]0;title\\x07web/);
});

Deno.test("--follow of a prefix waits for the first pod that matches", async () => {
  await using agent = await startAgent();
  agent.logs.add({ pod: "db-0", content: thirds(0, 1) });
  const terminal = new CapturedTerminal();
  const done = client(["forward", "default/web-", "-f", ...reach(agent)], terminal);
  await terminal.shows("No log of default/web- on this node yet; waiting for one.\n", done);
  await agent.sees((events) => events.some((event) => event.type === "watchers"));
  agent.logs.add({ pod: "web-0", content: thirds(0, 1) });
  await terminal.shows("web-0/app 2024-10-01T05:00:00Z line 0\n", done);
  terminal.interrupt();
  assert.equal(await done, 130);
});

Deno.test("all containers of a pod are read, or the one named", async () => {
  await using agent = await startAgent();
  agent.logs.add({ container: "app", content: criLine(secondsAfterFive(0), "of app") });
  agent.logs.add({ container: "proxy", content: criLine(secondsAfterFive(1), "of proxy") });
  const both = await runClient(["forward", "default/web-0", ...reach(agent)]);
  assert.deepEqual(both.stdout.split("\n").map((line) => line.replace(/ 2024\S+/, "")), [
    "web-0/app of app",
    "web-0/proxy of proxy",
    "",
  ]);
  const one = await runClient(["forward", "default/web-0/proxy", ...reach(agent)]);
  assert.equal(one.stdout, "2024-10-01T05:00:01Z of proxy\n");
});

Deno.test("a container id is taken by the prefix that list prints", async () => {
  await using agent = await startAgent();
  const log = agent.logs.add({ content: criLine(secondsAfterFive(0), "found") });
  const { stdout } = await runClient(["list", ...reach(agent)]);
  const [, id = ""] = /app +(\w+)/.exec(stdout) ?? [];
  assert.equal(id, log.id.slice(0, 12));
  const read = await runClient([
    "forward",
    `default/web-0/app/containerd://${id.slice(0, 8)}`,
    ...reach(agent),
  ]);
  assert.deepEqual([read.code, read.stdout], [0, "2024-10-01T05:00:00Z found\n"]);
});
