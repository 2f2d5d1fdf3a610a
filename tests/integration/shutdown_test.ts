import assert from "node:assert/strict";
import type { ClientReadableStream } from "@grpc/grpc-js";
import { defaults } from "../../src/config/schema.ts";
import { FollowFrom, type LogRecord } from "../../src/generated/cluster_agent.ts";
import { HealthCheckResponse_ServingStatus as Serving } from "../../src/generated/grpc/health.ts";
import { answer, drain, firstRecord, request } from "../harness/calls.ts";
import { criLines, manyLines } from "../harness/log_tree.ts";
import { httpText, SHUTDOWN_TIMEOUT_MS, startProcess } from "../harness/process.ts";
import { callHeaders, headersFrame, RawConnection } from "../harness/raw_http2.ts";

/** Reads what firstRecord left. */
function rest(call: ClientReadableStream<LogRecord>): ReturnType<typeof drain<LogRecord>> {
  const ending = drain(call);
  call.resume();
  return ending;
}

Deno.test("SIGTERM with 100 followers and 5 big greps: follows end, greps finish, exit 0", async () => {
  await using agent = await startProcess({
    config: {
      shutdownTimeoutMs: SHUTDOWN_TIMEOUT_MS,
      limits: { ...defaults.limits, maxStreamsPerUser: 1000 },
    },
  });
  const lines = 300_000;
  const big = agent.logs.add({ pod: "big-0", content: manyLines(lines) });
  const small = agent.logs.add({ pod: "small-0", content: criLines(1) });

  const client = agent.records();
  const followers = Array.from(
    { length: 100 },
    () => client.streamForward(request({ ...small.request, follow_from: FollowFrom.DEFAULT })),
  );
  await Promise.all(followers.map(firstRecord));
  const endings = followers.map(rest);

  // Begun, and far from done: only a small part fits into the buffers in between.
  const greps = Array.from(
    { length: 5 },
    () =>
      agent.records().streamForward(request({ ...big.request, grep: "(?i)NEEDLE-\\d*[02468]\\b" })),
  );
  await Promise.all(greps.map(firstRecord));

  agent.kill("SIGTERM");
  for (const { code, details, messages } of await Promise.all(endings)) {
    assert.deepEqual({ code, details }, {
      code: "UNAVAILABLE",
      details: "Server is shutting down",
    });
    assert.equal(messages.length, 0);
  }

  // While the greps continue: probes are answered, new calls are refused.
  const health = await answer<{ status: Serving }>((done) =>
    agent.health().check({ service: "" }, done)
  );
  assert.equal(health.response?.status, Serving.NOT_SERVING);
  assert.equal(await httpText(agent.telemetryPort, "/readyz"), "The agent is stopping\n");
  assert.equal(await httpText(agent.telemetryPort, "/livez"), "ok\n");
  const refused = await drain(agent.records().streamForward(request(small.request)));
  assert.deepEqual([refused.code, refused.details], ["UNAVAILABLE", "Server is shutting down"]);

  for (const { code, messages } of await Promise.all(greps.map(rest))) {
    assert.equal(code, "OK");
    assert.equal(messages.length, lines / 2 - 1); // one was read before
    const [last] = messages.slice(-1);
    assert.match(last?.message ?? "", new RegExp(`^needle-${lines - 2} `));
  }
  assert.equal(await agent.ended, 0);
});

Deno.test("calls that are unfinished at the end of shutdown-timeout are aborted, exit 0", async () => {
  await using agent = await startProcess({ config: { shutdownTimeoutMs: 500 } });
  const log = agent.logs.add({ content: manyLines(300_000) });
  const call = agent.records().streamForward(request(log.request));
  await firstRecord(call); // and no more: this client stops reading
  const ending = drain(call);
  agent.kill("SIGTERM");
  assert.equal(await agent.ended, 0);
  call.resume();
  assert.equal((await ending).code, "UNAVAILABLE");
});

Deno.test("a graceful stop waits neither for a reflection stream nor for a health watcher that reconnects", async () => {
  // Code that waited for them would wait for ten minutes.
  await using agent = await startProcess({ config: { shutdownTimeoutMs: 600_000 } });
  const target = { port: agent.port, ca: agent.authority.cert, pair: agent.client };
  const reflection = await RawConnection.open(target);
  reflection.send(
    headersFrame(
      reflection.newStream(),
      callHeaders("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"),
    ),
  );
  await reflection.flushed();
  const health = agent.health();
  let answers = 0;
  let stopped = false;
  const watch = () => {
    if (stopped) return;
    const call = health.watch({ service: "" });
    call.on("data", () => answers++);
    call.on("error", () => {});
    call.on("end", watch);
  };
  watch();
  while (answers === 0) await httpText(agent.telemetryPort, "/livez");
  agent.kill("SIGTERM");
  assert.equal(await agent.ended, 0);
  stopped = true;
  health.close();
  reflection.end();
});
