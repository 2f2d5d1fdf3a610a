import assert from "node:assert/strict";
import { drain, metadata, request } from "../../harness/calls.ts";
import { list, logOf, reader, stranger, token } from "./callers.ts";
import { type AgentConnection, agentPod, connectAgent } from "./cluster.ts";
import type { Pod } from "./kubectl.ts";
import { gaps } from "./lines.ts";
import { NAMESPACE } from "./pods.ts";
import { upgrade } from "./rollout.ts";

/** An account that may read logs can list them and read one without a gap. */
export async function readerReads(agent: AgentConnection): Promise<void> {
  const { code, response } = await list(agent, reader);
  assert.equal(code, "OK");
  const counter = response!.items.find(({ spec }) => spec?.pod_name === "counter");
  assert.equal(counter?.spec?.container_name, "main");
  const { messages, code: read } = await drain(
    agent.records.streamForward(request({ ...logOf(counter!) }), metadata(reader)),
  );
  assert.equal(read, "OK");
  assert.ok(messages.length > 0);
  assert.equal(messages[0]?.message, "count 1");
  assert.deepEqual(gaps(messages.map(({ message }) => message)), []);
}

/**
 * The same refusal for an existing log and for a missing one; other namespaces and calls without a namespace are
 * refused too.
 */
export async function strangerIsRefused(agent: AgentConnection): Promise<void> {
  const refusal = `permission denied: \`get pods/log\` in namespace \`${NAMESPACE}\``;
  const listed = await list(agent, stranger);
  assert.deepEqual([listed.code, listed.details], ["PERMISSION_DENIED", refusal]);
  for (const pod_name of ["counter", "no-such-pod"]) {
    const { code, details } = await drain(
      agent.records.streamForward(
        request({ namespace: NAMESPACE, pod_name, container_name: "main", container_id: "abc" }),
        metadata(stranger),
      ),
    );
    assert.deepEqual([code, details], ["PERMISSION_DENIED", refusal], pod_name);
  }
  assert.equal((await list(agent, reader, ["kube-system"])).code, "PERMISSION_DENIED");
  assert.equal((await list(agent, reader, [])).code, "PERMISSION_DENIED", "all namespaces");
  assert.equal((await list(agent, [])).code, "UNAUTHENTICATED");
}

/** A token together with the certificate of a front proxy that names no user. */
export async function tokenIsNoName(agent: AgentConnection): Promise<void> {
  const { code } = await list(agent, [["authorization", `Bearer ${await token("reader")}`]]);
  assert.equal(code, "UNAUTHENTICATED");
}

/** A valid certificate whose name is not that of an allowed client. */
export async function otherCertificate(pod: Pod): Promise<void> {
  using other = await connectAgent(pod, "stranger");
  assert.equal((await list(other, reader)).code, "PERMISSION_DENIED");
}

/** With a token and no certificate, like callers of the first generation. */
export async function tokens(node: string): Promise<void> {
  const { metadata: { uid } } = await agentPod(node);
  await upgrade("profile=token,config.authorization.methods={token}");
  using agent = await connectAgent(await agentPod(node, uid), "none");
  const expected = { reader: "OK", stranger: "PERMISSION_DENIED" };
  for (const [account, code] of Object.entries(expected)) {
    const bearer = await token(account);
    assert.equal((await list(agent, [["authorization", `Bearer ${bearer}`]])).code, code, account);
    assert.equal((await list(agent, [["authorization", bearer]])).code, code, `${account}, bare`);
  }
  assert.equal((await list(agent, [["authorization", "Bearer nonsense"]])).code, "UNAUTHENTICATED");
  assert.equal((await list(agent, reader)).code, "UNAUTHENTICATED", "a name proves nothing here");
}
