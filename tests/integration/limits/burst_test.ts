import assert from "node:assert/strict";
import { defaults } from "../../../src/config/schema.ts";
import { startAgent } from "../../harness/agent.ts";
import { drain, request } from "../../harness/calls.ts";
import { criLines } from "../../harness/log_tree.ts";

Deno.test("the maximum number of streams, begun at once over one connection, are all served", async () => {
  const streams = defaults.limits.maxStreams;
  await using agent = await startAgent({ limits: { maxStreamsPerUser: streams } });
  const log = agent.logs.add({ content: criLines(3) });
  // The client sends the headers of all of them before the first request.
  const records = agent.records();
  const ends = await Promise.all(
    Array.from({ length: streams }, () => drain(records.streamForward(request(log.request)))),
  );
  const wrong = ends.filter(({ code, messages }) => code !== "OK" || messages.length !== 3);
  assert.deepEqual(wrong.slice(0, 1), []);
});
