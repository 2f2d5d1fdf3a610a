import assert from "node:assert/strict";
import { chartTest } from "./add_ons.ts";
import { agentPod, connectAgent } from "./cluster.ts";
import { hostPathsOnly, processOf, withinLimit } from "./confinement.ts";
import { initContainers, restarts } from "./container_logs.ts";
import { runChartNotes, runDocumentedCommands } from "./documented.ts";
import { kubectl } from "./kubectl.ts";
import {
  otherCertificate,
  readerReads,
  strangerIsRefused,
  tokenIsNoName,
  tokens,
} from "./permissions.ts";
import { NAMESPACE, NODE_NAMESPACE } from "./pods.ts";
import { rollingUpdate } from "./rollout.ts";
import { rotations } from "./rotations.ts";
import { prepare } from "./setup.ts";
import { SHORT_PODS, shortPods } from "./short_pods.ts";

// The agent is already installed (hack/install.sh) in the cluster of the current context: a node of tests/e2e/node, or
// kind. Nothing here depends on timing: every wait is for an event, with a deadline for a slow machine. The function of
// a step is in the file of its subject. Steps are in this order because later ones change what earlier ones need: the
// upgrade replaces the pod, the token profile ends the front proxy's calls.

Deno.test({
  name: "the agent in a cluster",
  // Streams and port-forwards outlive steps.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(t) {
    const node = await prepare();
    const first = await agentPod(node);
    using agent = await connectAgent(first);

    await t.step(
      "its pods keep all rules of pod security but the one against host paths",
      hostPathsOnly,
    );
    await t.step(
      "it runs as another user than root, without capabilities, within its memory limit",
      () => {
        return processOf(first);
      },
    );
    await t.step("a reader lists and reads", () => readerReads(agent));
    await t.step(
      "a stranger is refused, before it is said whether the log exists",
      () => strangerIsRefused(agent),
    );
    await t.step("a front proxy's call is never judged by a token instead", () => {
      return tokenIsNoName(agent);
    });
    await t.step("a certificate with another name is refused", () => otherCertificate(first));
    await t.step("init containers have logs of their own", () => initContainers(agent, node));
    // The kubelet's restart back-off takes most of the time, so this runs during the next steps.
    const restarted = restarts(agent, node);
    restarted.catch(() => {}); // Awaited and reported in its own step.
    await t.step(
      "a follow through rotation and compression, until the pod is deleted: every line once",
      () => rotations(agent, node),
    );
    await t.step(
      `${SHORT_PODS} pods that come and go, each followed from when it is seen: every line once`,
      () => shortPods(agent, node),
    );
    await t.step("each life of a container that restarts is a log", () => restarted);
    await t.step("all of that within its memory limit, without a restart", () => withinLimit(node));
    await t.step(
      "an upgrade with another configuration: a client that reconnects loses no line",
      () => rollingUpdate(agent, node),
    );
    await t.step(
      "the chart's own test passes, with monitors, alerts and dashboard in place",
      chartTest,
    );
    await t.step("the chart's notes lead to a first call", async () => {
      assert.match(await runChartNotes(), /\bcounter\b/);
    });
    await t.step("the documents' commands for a cluster", async () => {
      const { metadata: { name } } = await agentPod(node);
      console.log(`    ${await runDocumentedCommands(name)} commands`);
    });
    await t.step("in the token profile, a token is as good as its account", () => tokens(node));
    await kubectl("delete", "namespace", NAMESPACE, NODE_NAMESPACE, "--wait=false");
  },
});
