import assert from "node:assert/strict";
import { type AddressInfo, createServer } from "node:net";
import { FollowFrom } from "../../../src/generated/cluster_agent.ts";
import { startAgent, type TestAgent } from "../../harness/agent.ts";
import { request } from "../../harness/calls.ts";
import { criLines } from "../../harness/log_tree.ts";

interface Result {
  readonly code: number;
  readonly output: string;
}

/** Runs `healthcheck` as a probe does: the program itself, with additional options after the agent's own. */
async function probe(agent: TestAgent, ...params: string[]): Promise<Result> {
  const { certificatesDir: dir } = agent;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      `--allow-read=src,${dir}`,
      "--allow-net=127.0.0.1,[::1]",
      "--allow-env",
      "--no-prompt",
      "src/main.ts",
      "healthcheck",
      ...[
        `tls.ca-file:${dir}/ca.crt`,
        // The agent's own certificate is for servers only; a client's certificate is used as one that is for both.
        `tls.cert-file:${dir}/client.crt`,
        `tls.key-file:${dir}/client.key`,
        ...params,
      ].flatMap((param) => ["-p", param]),
    ],
    cwd: new URL("../../../", import.meta.url),
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, output: text(stdout) + text(stderr) };
}

const byHttp = (agent: TestAgent) => `telemetry.addr:127.0.0.1:${agent.telemetryPort}`;

const byGrpc = (agent: TestAgent) => [`addr:127.0.0.1:${agent.port}`, "telemetry.addr:"];

Deno.test("healthcheck: 0 while the agent serves, 1 with the reason when it cannot, both ways", async () => {
  await using agent = await startAgent({ telemetry: { addr: "127.0.0.1:0" } });
  for (const params of [[byHttp(agent)], byGrpc(agent)]) {
    const healthy = await probe(agent, ...params);
    assert.equal(healthy.output, "healthy\n");
    assert.equal(healthy.code, 0);
  }
  Deno.renameSync(agent.logs.containerLogsDir, `${agent.logs.dir}/away`);
  const sick = await probe(agent, byHttp(agent));
  assert.equal(sick.code, 1);
  assert.match(sick.output, /^not healthy: Cannot list .*containers: no such folder/);
});

Deno.test("healthcheck: 1 while the agent stops, by gRPC health and by readyz", async () => {
  await using agent = await startAgent({ telemetry: { addr: "127.0.0.1:0" } });
  // A stream that is still being read keeps the agent from stopping.
  const log = agent.logs.add({ content: criLines(400_000) });
  const call = agent.records().streamForward(
    request({ ...log.request, follow_from: FollowFrom.NOOP }),
  );
  const ended = new Promise((resolve) => call.on("status", resolve));
  call.on("error", () => {});
  await new Promise((resolve) => call.once("readable", () => resolve(call.read())));
  agent.stop();
  const grpc = await probe(agent, ...byGrpc(agent));
  assert.equal(grpc.output, "not healthy: the health service says NOT_SERVING\n");
  assert.equal(grpc.code, 1);
  const http = await probe(agent, byHttp(agent));
  assert.equal(http.output, "not healthy: The agent is stopping\n");
  assert.equal(http.code, 1);
  call.cancel();
  await ended;
});

Deno.test("healthcheck: 1 if nothing listens, if something else listens, and for a wrong configuration", async () => {
  await using agent = await startAgent();
  const silent = createServer(() => {}); // accepts connections and stays silent
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const { port } = silent.address() as AddressInfo;
  try {
    for (
      const [params, reason] of [
        [["telemetry.addr:127.0.0.1:1"], /ECONNREFUSED/],
        [["addr:127.0.0.1:1", "telemetry.addr:"], /ECONNREFUSED/],
        [[`telemetry.addr:127.0.0.1:${port}`], /not healthy: .*(?:abort|time)/i],
        [["telemetry.addr::0"], /telemetry\.addr has port 0/],
        [["telemetry.addr:x"], /telemetry\.addr: found the text "x"/],
        [[...byGrpc(agent), "tls.ca-file:/nowhere"], /nowhere/],
      ] as const
    ) {
      const result = await probe(agent, ...params);
      assert.equal(result.code, 1, params.join(" "));
      assert.match(result.output, reason, params.join(" "));
    }
  } finally {
    silent.close();
  }
});

Deno.test("healthcheck: an agent's certificate that is no client certificate is reported with a remedy", async () => {
  await using agent = await startAgent();
  const dir = agent.certificatesDir;
  const { code, output } = await probe(
    agent,
    ...byGrpc(agent),
    `tls.cert-file:${dir}/server.crt`,
    `tls.key-file:${dir}/server.key`,
  );
  assert.equal(code, 1);
  assert.match(
    output,
    /server\.crt is valid for servers only .*clientAuth\)\. Set telemetry\.addr/,
  );
});
