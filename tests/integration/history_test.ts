import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { startAgent, type TestAgent } from "../harness/agent.ts";
import { drain, request } from "../harness/calls.ts";
import { criLine, type TreeLog } from "../harness/log_tree.ts";

const second = (n: number) => `2024-10-01T05:00:${String(n).padStart(2, "0")}Z`;
const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => criLine(second(from + i), `line ${from + i}`))
    .join("");

/** A log that was rotated twice, with the older file compressed in two members, as left by a restarted kubelet. */
function addRotated(agent: TestAgent): TreeLog {
  const log = agent.logs.add({ content: lines(20, 25) });
  const text = new TextEncoder();
  const members = [lines(0, 4), lines(4, 10)].map((part) => gzipSync(text.encode(part)));
  Deno.writeFileSync(`${log.path}.20241001-050010.gz`, Buffer.concat(members));
  Deno.writeTextFileSync(`${log.path}.20241001-050020`, lines(10, 20));
  return log;
}

async function numbers(
  agent: TestAgent,
  log: TreeLog,
  direction: "streamForward" | "streamBackward",
  fields: Parameters<typeof request>[0] = {},
): Promise<number[]> {
  const { messages, code } = await drain(
    agent.records()[direction](request({ ...log.request, ...fields })),
  );
  assert.equal(code, "OK");
  return messages.map(({ message }) => Number(message.replace("line ", "")));
}

const all = Array.from({ length: 25 }, (_, n) => n);

Deno.test("history: forward begins with the oldest rotated file", async () => {
  await using agent = await startAgent({ history: true });
  assert.deepEqual(await numbers(agent, addRotated(agent), "streamForward"), all);
});

Deno.test("history: backward continues from file to older file, not from the oldest to the newest", async () => {
  await using agent = await startAgent({ history: true });
  assert.deepEqual(await numbers(agent, addRotated(agent), "streamBackward"), all.toReversed());
});

Deno.test("history: a window across three files, with grep, both ways", async () => {
  await using agent = await startAgent({ history: true });
  const log = addRotated(agent);
  const fields = { start_time: second(3), stop_time: second(22), grep: "[05]$" };
  const wanted = [5, 10, 15, 20];
  assert.deepEqual(await numbers(agent, log, "streamForward", fields), wanted);
  assert.deepEqual(await numbers(agent, log, "streamBackward", fields), wanted.toReversed());
});

Deno.test("history: without it only the log itself is read", async () => {
  await using agent = await startAgent();
  assert.deepEqual(await numbers(agent, addRotated(agent), "streamForward"), all.slice(20));
});
