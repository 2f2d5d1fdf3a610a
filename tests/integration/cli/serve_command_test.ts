import assert from "node:assert/strict";
import type { ClientReadableStream } from "@grpc/grpc-js";
import type { LogRecord } from "../../../src/generated/cluster_agent.ts";
import { request } from "../../harness/calls.ts";
import { criLine } from "../../harness/log_tree.ts";
import { startProcess } from "../../harness/process.ts";

/** Whoever waits until it is over is noticed: no test lasts so long. */
const SHUTDOWN_TIMEOUT_MS = 600_000;

/** Resolves with the first record; the call is then read by nobody until drain or resume. */
function firstRecord(call: ClientReadableStream<LogRecord>): Promise<LogRecord> {
  return new Promise((resolve, reject) => {
    const read = () => {
      const record: LogRecord | null = call.read();
      if (record === null) return;
      call.off("readable", read);
      resolve(record);
    };
    call.on("readable", read);
    call.on("error", reject);
  });
}

/** Lines of some 100 bytes, "needle-0 …", "needle-1 …" and so on. */
function manyLines(count: number): string {
  const first = Date.parse("2024-10-01T05:00:00Z");
  const parts: string[] = [];
  for (let index = 0; index < count; index++) {
    const time = new Date(first + index * 10).toISOString();
    parts.push(
      criLine(time, `needle-${index} in a haystack of some length, so that it takes room`),
    );
  }
  return parts.join("");
}

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
