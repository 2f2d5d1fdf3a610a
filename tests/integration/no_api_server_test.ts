import assert from "node:assert/strict";
import { AuthorizationApi } from "../harness/authorization_api.ts";
import { answer, metadata } from "../harness/calls.ts";
import { httpText, type ProcessOptions, startProcess } from "../harness/process.ts";

const authorization = {
  methods: ["front-proxy"] as const,
  cacheTtlMs: 0,
  recheckIntervalMs: 300_000,
};

const alice = [["x-remote-user", "alice"]] as const;

/** The status of a List, and whether the agent is ready, over HTTP and gRPC. */
async function ask(options: ProcessOptions): Promise<{ call: string; ready: string }> {
  await using agent = await startProcess({ config: { authorization }, ...options });
  const { code, details } = await answer((callback) =>
    agent.metadata().list({ namespaces: ["a"] }, metadata(alice), callback)
  );
  return { call: `${code} ${details}`, ready: await httpText(agent.telemetryPort, "/readyz") };
}

Deno.test("no API server configured: calls are UNAVAILABLE, and the agent is not ready", async () => {
  const { call, ready } = await ask({ kubeConfig: "{}" });
  assert.match(call, /^UNAVAILABLE Cannot ask the Kubernetes API server/);
  assert.match(ready, /No call can be authorized/);
});

Deno.test("an API server that is away: calls are UNAVAILABLE, and the agent is not ready until it is back", async () => {
  await using api = await AuthorizationApi.start();
  await api.stop();
  await using agent = await startProcess({
    config: { authorization },
    kubeConfig: api.kubeConfig(),
  });
  const list = () =>
    answer((callback) => agent.metadata().list({ namespaces: ["a"] }, metadata(alice), callback));
  const { code, details } = await list();
  assert.equal(code, "UNAVAILABLE", details);
  assert.match(await httpText(agent.telemetryPort, "/readyz"), /does not answer/);
  await api.resume();
  assert.equal((await list()).code, "OK");
  while (!/^ok/i.test(await httpText(agent.telemetryPort, "/readyz")));
});

Deno.test("an account without the right to request reviews, and no other method: the agent is not ready", async () => {
  await using api = await AuthorizationApi.start({
    answer: () => ({
      status: 201,
      json: { kind: "SelfSubjectAccessReview", status: { allowed: false } },
    }),
  });
  await using agent = await startProcess({
    config: { authorization },
    kubeConfig: api.kubeConfig(),
  });
  while (!/subjectaccessreviews/.test(await httpText(agent.telemetryPort, "/readyz")));
  assert.ok(api.asked.length >= 1);
});
