import assert from "node:assert/strict";
import { firstRecord, request } from "../../harness/calls.ts";
import { manyLines } from "../../harness/log_tree.ts";
import { SHUTDOWN_TIMEOUT_MS, startProcess } from "../../harness/process.ts";

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  Deno.test(`a second ${signal} ends at once with ${code}`, async () => {
    await using agent = await startProcess({ config: { shutdownTimeoutMs: SHUTDOWN_TIMEOUT_MS } });
    const log = agent.logs.add({ content: manyLines(300_000) });
    const call = agent.records().streamForward(request(log.request));
    call.on("error", () => {});
    await firstRecord(call);
    agent.kill(signal);
    await agent.line(({ msg }) => msg === "stopping");
    agent.kill(signal);
    assert.equal(await agent.ended, code);
  });

  Deno.test(`${signal} with nothing to do ends at once with 0`, async () => {
    await using agent = await startProcess();
    agent.kill(signal);
    assert.equal(await agent.ended, 0);
  });
}
