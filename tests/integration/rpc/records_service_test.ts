import * as grpc from "@grpc/grpc-js";
import assert from "node:assert/strict";
import type { LogRecord } from "../../../src/generated/cluster_agent.ts";
import { startAgent, type TestAgent } from "../../harness/agent.ts";
import { readLog, recordTime, request } from "../../harness/calls.ts";
import { criLine, criLines, dockerLine } from "../../harness/log_tree.ts";
import { openCount } from "../../harness/process_descriptors.ts";

const seconds = (n: number) => `2024-10-01T05:00:${String(n).padStart(2, "0")}Z`;

/** Reads count records and then cancels; resolves to them when the call is over. */
function readSome(call: grpc.ClientReadableStream<LogRecord>, count: number): Promise<string[]> {
  const texts: string[] = [];
  call.on("data", (record: LogRecord) => {
    if (texts.length < count) texts.push(record.message);
    if (texts.length === count) call.cancel();
  });
  call.on("error", () => {});
  return new Promise((resolve) => call.on("status", () => resolve(texts)));
}

function ended(agent: TestAgent, count: number): Promise<void> {
  return agent.sees(
    (events) => events.filter((event) => event.type === "call-ended").length >= count,
  );
}

Deno.test("a CRI log is read forward and backward, parts and streams as they were written", async () => {
  await using agent = await startAgent();
  const log = agent.logs.add({
    content: criLine("2024-10-01T05:00:00.000000001Z", "one") +
      criLine("2024-10-01T07:00:01+02:00", "two, ", { tag: "P" }) +
      criLine("2024-10-01T05:00:01.5Z", "whole", { stream: "stderr" }) + "not a log line\n",
  });
  const expected = [
    ["2024-10-01T05:00:00.000000001Z", "one", true],
    ["2024-10-01T05:00:01Z", "two, ", false],
    ["2024-10-01T05:00:01.500Z", "whole", true],
  ];
  for (const direction of ["forward", "backward"] as const) {
    const { code, messages } = await readLog(agent, log, {}, direction);
    assert.equal(code, "OK");
    assert.deepEqual(
      messages.map((record) => [recordTime(record), record.message, record.is_final]),
      direction === "forward" ? expected : expected.toReversed(),
    );
  }
});

Deno.test("a Docker log is found through both links and read", async () => {
  await using agent = await startAgent();
  const log = agent.logs.add({
    format: "docker",
    content: dockerLine(seconds(0), "héllo\n") + dockerLine(seconds(1), "goes on"),
  });
  const { code, messages } = await readLog(agent, log);
  assert.equal(code, "OK");
  assert.deepEqual(messages.map(({ message, is_final }) => [message, is_final]), [
    ["héllo", true],
    ["goes on", false],
  ]);
});

Deno.test("a container id may carry its runtime", async () => {
  await using agent = await startAgent();
  const log = agent.logs.add({ content: criLines(1) });
  const { texts } = await readLog(agent, log, { container_id: `containerd://${log.id}` });
  assert.deepEqual(texts, ["line 0"]);
});

for (
  const [name, window, expected] of [
    ["both ends are within", { start_time: seconds(1), stop_time: seconds(3) }, [1, 2, 3]],
    ["the start alone", { start_time: seconds(8) }, [8, 9]],
    ["the stop alone", { stop_time: seconds(1) }, [0, 1]],
    ["an offset counts", { start_time: "2024-10-01T07:00:09+02:00" }, [9]],
    [
      "between two records",
      { start_time: "2024-10-01T05:00:01.000000001Z", stop_time: seconds(2) },
      [
        2,
      ],
    ],
    ["start after stop", { start_time: seconds(3), stop_time: seconds(1) }, []],
  ] as const
) {
  Deno.test(`a time window selects: ${name}`, async () => {
    await using agent = await startAgent();
    const log = agent.logs.add({ content: criLines(10) });
    const texts = expected.map((n) => `line ${n}`);
    const forward = await readLog(agent, log, window);
    assert.deepEqual([forward.code, forward.texts], ["OK", texts]);
    const backward = await readLog(agent, log, window, "backward");
    assert.deepEqual([backward.code, backward.texts], ["OK", texts.toReversed()]);
  });
}

Deno.test("grep selects by the message, in a large log, forward and backward", async () => {
  await using agent = await startAgent();
  const log = agent.logs.add({ content: criLines(50_000) });
  const texts = Array.from({ length: 50 }, (_, i) => `line ${i * 1000 + 999}`);
  assert.deepEqual((await readLog(agent, log, { grep: "(?i)LINE \\d*999$" })).texts, texts);
  assert.deepEqual(
    (await readLog(agent, log, { grep: "(?i)LINE \\d*999$" }, "backward")).texts,
    texts.toReversed(),
  );
  assert.deepEqual((await readLog(agent, log, { grep: "stdout" })).texts, [], "not the header");
});

Deno.test("every record of a large log arrives once and in order, however slow the reader is", async () => {
  await using agent = await startAgent();
  const log = agent.logs.add({ content: criLines(100_000) });
  const call = agent.records().streamForward(request(log.request));
  let next = 0;
  for await (const record of call) {
    assert.equal((record as LogRecord).message, `line ${next}`);
    next++;
    if (next % 10_000 === 0) {
      call.pause();
      setTimeout(() => call.resume());
    }
  }
  assert.equal(next, 100_000);
});

Deno.test("an over-long line arrives in parts without loss, and the last part is final", async () => {
  await using agent = await startAgent({ maxLineBytes: 1024 });
  const text = "añb€ ".repeat(2000).trimEnd();
  const log = agent.logs.add({ content: criLine(seconds(0), text) + criLine(seconds(1), "next") });
  const { messages } = await readLog(agent, log);
  const parts = messages.slice(0, -1);
  assert.ok(parts.length > 1);
  for (const part of parts) assert.ok(new TextEncoder().encode(part.message).length <= 1024);
  assert.deepEqual(parts.map((part) => part.is_final), parts.map((_, i) => i === parts.length - 1));
  assert.equal(
    parts.map((part) => part.message).join("").replaceAll(" ", ""),
    text.replaceAll(" ", ""),
  );
  assert.equal(messages.at(-1)?.message, "next");
});

for (
  const [name, fields, code, details] of [
    ["a log that is not there", { container_id: "abc" }, "NOT_FOUND", "abc"],
    ["a name that would lead elsewhere", { pod_name: "../x" }, "INVALID_ARGUMENT", "pod_name"],
    ["no namespace", { namespace: "" }, "INVALID_ARGUMENT", "namespace"],
    ["a start_time that is none", { start_time: "yesterday" }, "INVALID_ARGUMENT", "start_time"],
    ["a stop_time that is none", { stop_time: "10:00" }, "INVALID_ARGUMENT", "stop_time"],
    ["a pattern that is none", { grep: "(" }, "INVALID_ARGUMENT", "Invalid grep pattern: "],
    ["a look-around", { grep: "(?=x)" }, "INVALID_ARGUMENT", "Invalid grep pattern: "],
  ] as const
) {
  Deno.test(`refused with a reason: ${name}`, async () => {
    await using agent = await startAgent();
    const log = agent.logs.add({ content: criLines(3) });
    for (const direction of ["forward", "backward"] as const) {
      const answered = await readLog(agent, log, fields, direction);
      assert.equal(answered.code, code, answered.details);
      assert.ok(answered.details.includes(details), answered.details);
      assert.deepEqual(answered.messages, []);
    }
  });
}

Deno.test("a link that leaves the log roots is refused, also one to another namespace's folder", async () => {
  await using agent = await startAgent();
  const log = agent.logs.add({ content: criLines(1) });
  const other = agent.logs.add({ namespace: "secret", content: criLines(1) });
  const outside = Deno.makeTempFileSync();
  try {
    for (const target of [outside, other.path]) {
      Deno.removeSync(log.link);
      Deno.symlinkSync(target, log.link);
      const { code, messages } = await readLog(agent, log);
      assert.equal(code, "PERMISSION_DENIED", target);
      assert.deepEqual(messages, []);
    }
  } finally {
    Deno.removeSync(outside);
  }
});

Deno.test("cancelling a stream ends its work and closes the log's descriptors", async () => {
  await using agent = await startAgent({ limits: { scanWorkers: 2 } });
  const log = agent.logs.add({ content: criLines(200_000) });
  const full = request(log.request);
  const calls = [
    agent.records().streamForward(full),
    agent.records().streamBackward(full),
    agent.records().streamForward({ ...full, grep: "line" }),
  ];
  const read = await Promise.all(calls.map((call) => readSome(call, 10)));
  assert.deepEqual(read[0]?.at(-1), "line 9");
  assert.deepEqual(read[1]?.at(-1), "line 199990");
  await ended(agent, calls.length);
  while (openCount(log.path) > 0) {
    await new Promise((resolve) => setTimeout(resolve)); // The workers are notified and close their files.
  }
});
