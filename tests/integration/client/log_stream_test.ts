import assert from "node:assert/strict";
import { client } from "../../../src/cli/client.ts";
import { startAgent } from "../../harness/agent.ts";
import { reach, runClient } from "../../harness/client.ts";
import { append, criLine, secondsAfterFive, thirds } from "../../harness/log_tree.ts";
import { CapturedTerminal } from "../../harness/terminal.ts";

Deno.test("--tail begins with the last records of each log and continues without a gap or a duplicate", async () => {
  await using agent = await startAgent();
  // The last three records of web-0 have the same time, and two of them the same text.
  const same = ["a", "b", "b"].map((text) => criLine(secondsAfterFive(200), `same ${text}`)).join(
    "",
  );
  const web = agent.logs.add({ pod: "web-0", content: thirds(0) + same });
  agent.logs.add({ pod: "web-1", content: thirds(1) });
  const texts = (stdout: string) =>
    stdout.trimEnd().split("\n").map((line) => line.replace(/^.*Z /, ""));

  const two = await runClient(["forward", "default/web-", "--tail", "2", ...reach(agent)]);
  assert.deepEqual(texts(two.stdout), ["line 85", "line 88", "same b", "same b"]);

  const terminal = new CapturedTerminal();
  const done = client(["forward", "default/web-0", "--tail", "2", "-f", ...reach(agent)], terminal);
  await terminal.shows("same b\n", done);
  append(web, criLine(secondsAfterFive(200), "same c") + criLine(secondsAfterFive(201), "new"));
  await terminal.shows("new\n", done);
  terminal.interrupt();
  assert.equal(await done, 130);
  assert.deepEqual(texts(terminal.stdout), ["same b", "same b", "same c", "new"]);

  for (
    const args of [["forward", "a/b", "--tail", "1", "-f", "--follow-from", "end"], [
      "backward",
      "a/b",
      "--tail",
      "1",
    ]]
  ) {
    assert.equal((await runClient(args)).code, 2);
  }
});
