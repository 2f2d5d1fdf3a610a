import assert from "node:assert/strict";
import { startAgent } from "../../harness/agent.ts";
import { listing, reach } from "../../harness/client.ts";

Deno.test("a call without an identity: the error names --user and --token-file", async () => {
  await using agent = await startAgent({
    authorization: { methods: ["front-proxy", "token"] },
  });
  assert.match(await listing(...reach(agent)), /UNAUTHENTICATED.*--user NAME.*--token-file/);
});
