import assert from "node:assert/strict";
import { findApiServer } from "../../src/auth/kube_config.ts";
import { KubernetesReviewer } from "../../src/auth/reviewer.ts";
import { FollowFrom } from "../../src/generated/cluster_agent.ts";
import { startAgent, type TestAgent } from "../harness/agent.ts";
import { drain, metadata, request } from "../harness/calls.ts";
import type { TreeLog } from "../harness/log_tree.ts";
import type { Cluster } from "./control_plane.ts";

/** Calls an agent with its own kubeconfig, over gRPC and mutual TLS. */
export async function wholeAgent(cluster: Cluster, account: string, viewer: string): Promise<void> {
  const folder = Deno.makeTempDirSync({ prefix: "agent-kube-" });
  const kubeConfig = `${folder}/config`;
  Deno.writeTextFileSync(kubeConfig, cluster.kubeConfig({ token: account }));
  const reviewer = new KubernetesReviewer({
    report: () => {},
    findApiServer: () =>
      findApiServer({ env: (name) => name === "KUBECONFIG" ? kubeConfig : undefined }),
  });
  try {
    await using running = await startAgent({
      authorization: {
        methods: ["front-proxy", "token"],
        cacheTtlMs: 100,
        recheckIntervalMs: 100,
      },
    }, { reviewer });
    const line = "2024-10-01T05:00:00Z stdout F hello\n";
    const a = running.logs.add({ namespace: "team-a", content: line });
    const b = running.logs.add({ namespace: "team-b", content: line });
    const records = running.records();
    const read = (log: TreeLog, pairs: [string, string][]) => readWith(records, log, pairs);
    assert.equal(await read(a, [["x-remote-user", "alice"]]), "OK hello");
    assert.equal(await read(b, [["x-remote-user", "alice"]]), "PERMISSION_DENIED");
    const bob: [string, string][] = [
      ["x-remote-user", "bob"],
      ["x-remote-group", "devs"],
      ["x-remote-group", "sre"],
    ];
    assert.equal(await read(b, bob), "OK hello");
    // A front proxy's certificate: never authorized by a token.
    assert.equal(await read(a, [["authorization", `Bearer ${viewer}`]]), "UNAUTHENTICATED");
    assert.equal(await read(a, []), "UNAUTHENTICATED");

    const withdraw = await cluster.allowLogs({ kind: "User", name: "erin" }, "team-a");
    const follow = records.streamForward(
      request({ ...a.request, follow_from: FollowFrom.DEFAULT }),
      metadata([["x-remote-user", "erin"]]),
    );
    const ended = drain(follow);
    await new Promise((resolve) => follow.once("data", resolve));
    await withdraw();
    const { code, details, messages } = await ended;
    assert.equal(code, "PERMISSION_DENIED");
    assert.equal(details, "permission denied: `get pods/log` in namespace `team-a`");
    assert.equal(messages.length, 1);

    await using tokens = await startAgent({
      tls: { clientAuth: "none" },
      authorization: { methods: ["token"] },
    }, { reviewer });
    const c = tokens.logs.add({ namespace: "team-a", content: line });
    const d = tokens.logs.add({ namespace: "team-b", content: line });
    const readByToken = (log: TreeLog, token: string) =>
      readWith(tokens.records(), log, [["authorization", token]]);
    assert.equal(await readByToken(c, `Bearer ${viewer}`), "OK hello");
    assert.equal(await readByToken(d, viewer), "PERMISSION_DENIED");
    assert.equal(await readByToken(c, "nonsense"), "UNAUTHENTICATED");
  } finally {
    reviewer.close();
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Reads a log: returns the status name and the messages. */
async function readWith(
  records: ReturnType<TestAgent["records"]>,
  log: TreeLog,
  pairs: [string, string][],
): Promise<string> {
  const { code, messages } = await drain(
    records.streamForward(request(log.request), metadata(pairs)),
  );
  return `${code} ${messages.map((record) => record.message).join()}`.trim();
}
