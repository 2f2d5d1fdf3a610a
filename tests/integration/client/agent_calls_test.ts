import assert from "node:assert/strict";
import { startAgent } from "../../harness/agent.ts";
import { reach, runClient } from "../../harness/client.ts";

/** What `client list` says with these options. */
async function listing(...options: string[]): Promise<string> {
  const { code, stderr, stdout } = await runClient(["list", ...options]);
  assert.equal(code, 1, stderr);
  assert.equal(stdout, "");
  assert.ok(!/Resolution note|EPIPE|\n {4}at /.test(stderr), stderr);
  return stderr;
}

Deno.test("a call without identity: --user or --token-file", async () => {
  await using agent = await startAgent({
    authorization: { methods: ["front-proxy", "token"] },
  });
  assert.match(await listing(...reach(agent)), /UNAUTHENTICATED.*--user NAME.*--token-file/);
});
