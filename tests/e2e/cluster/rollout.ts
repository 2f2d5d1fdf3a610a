import assert from "node:assert/strict";
import { FollowFrom } from "../../../src/generated/cluster_agent.ts";
import { metadata, request } from "../../harness/calls.ts";
import { reader, runningLog } from "./callers.ts";
import { AGENT_NAMESPACE, type AgentConnection, agentPod, connectAgent, helm } from "./cluster.ts";
import { command, kubectl } from "./kubectl.ts";
import { gaps, Lines, numberOf } from "./lines.ts";

/** Installs the chart again with other values; resolves when the DaemonSet has been rolled out. */
export async function upgrade(values: string): Promise<void> {
  await command(helm, [
    "upgrade",
    "kubetail-cluster-agent",
    "deploy/chart",
    "--namespace",
    AGENT_NAMESPACE,
    "--values",
    "hack/values.yaml",
    "--set",
    values,
    "--wait",
    "--timeout",
    "600s",
  ]);
}

/**
 * A client that follows through an upgrade of the DaemonSet and resumes with start_time at the new pod loses no lines.
 */
export async function rollingUpdate(agent: AgentConnection, node: string): Promise<void> {
  const lines = new Lines();
  let current = agent;
  const log = await runningLog(agent, "counter");
  const follow = () =>
    current.records.streamForward(
      request({ ...log, follow_from: FollowFrom.DEFAULT, start_time: lines.lastTime }),
      metadata(reader),
    );
  let ended = lines.read(follow());
  await lines.reach(1);

  // The types that the Prometheus operator would install, so that the chart's optional objects can be created.
  await kubectl("apply", "--server-side", "--filename", "hack/manifests/stand-in-types.yaml");
  await kubectl("wait", "--for=condition=Established", "customresourcedefinitions", "--all");
  const upgraded = upgrade(
    "config.logging.level=info,podMonitor.enabled=true,prometheusRule.enabled=true,dashboard.enabled=true",
  );
  const { code, details } = await ended;
  assert.deepEqual([code, details], ["UNAVAILABLE", "Server is shutting down"]);
  const before = lines.texts.length;
  await upgraded;
  using next = await connectAgent(await agentPod(node, agent.pod.metadata.uid));
  current = next;
  const resumed = new Lines();
  const call = follow();
  ended = resumed.read(call);
  await resumed.reach(50);
  call.cancel();
  assert.equal((await ended).code, "CANCELLED");
  // start_time is inclusive: the last record is sent again, and so are others with the same time.
  const last = numberOf(lines.texts.at(-1)!);
  const further = resumed.texts.filter((text) => numberOf(text) > last);
  assert.ok(further.length < resumed.texts.length, "the last record comes again");
  assert.deepEqual(gaps([...lines.texts, ...further]), []);
  console.log(`    ${before} lines before, ${further.length} after`);
}
