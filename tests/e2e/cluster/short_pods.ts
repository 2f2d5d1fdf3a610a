import assert from "node:assert/strict";
import type { AgentConnection } from "./cluster.ts";
import { FollowedLogs } from "./followed_logs.ts";
import { apply, kubectl } from "./kubectl.ts";
import { gaps } from "./lines.ts";
import { loggingPod, NAMESPACE } from "./pods.ts";
import { succeeded } from "./setup.ts";

/** The number of pods that run for seconds, at the same time. */
export const SHORT_PODS = 100;

/**
 * Each is followed from its appearance in a watch until it is deleted; its lines must be complete, in order, and
 * delivered once.
 */
export async function shortPods(agent: AgentConnection, node: string): Promise<void> {
  using logs = new FollowedLogs(agent, (log) => log.spec?.pod_name.startsWith("short-") ?? false);
  // Each runs for 5 to 20 s: five lines every half second.
  const seconds = (pod: number) => 5 + (pod * 37) % 16;
  const pods = Array.from({ length: SHORT_PODS }, (_, pod) =>
    loggingPod({
      name: `short-${pod}`,
      node,
      labels: { "agent-e2e": "short" },
      script: `
        i=0
        while [ $i -lt ${seconds(pod) * 10} ]; do
          for _ in 1 2 3 4 5; do i=$((i + 1)); echo "short-${pod} $i"; done
          sleep 0.5
        done`,
    }));
  const begin = performance.now();
  await apply(pods);
  await succeeded("pods", "--selector", "agent-e2e=short");
  const took = Math.round((performance.now() - begin) / 1000);
  // The kubelet removes a deleted pod's logs: each must be open by then.
  await logs.reach(SHORT_PODS);
  await Promise.all([...logs.lines.values()].map((lines) => lines.reach(1)));
  await kubectl(
    "delete",
    "pods",
    "--namespace",
    NAMESPACE,
    "--selector",
    "agent-e2e=short",
    "--wait=true",
  );
  const endings = await logs.ended();
  assert.deepEqual(endings.filter(({ code }) => code !== "OK"), []);
  const wrong: string[] = [];
  let count = 0;
  for (const [name, { texts }] of logs.lines) {
    const pod = Number(/short-(\d+)/.exec(name)![1]);
    const expected = Array.from({ length: seconds(pod) * 10 }, (_, i) => `short-${pod} ${i + 1}`);
    count += texts.length;
    if (texts.join("\n") !== expected.join("\n")) {
      wrong.push(`${name}: ${texts.length} of ${expected.length} lines; ${gaps(texts).join(", ")}`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.equal(logs.lines.size, SHORT_PODS);
  console.log(`    ${SHORT_PODS} pods, ${count} lines; the last was done after ${took} s`);
}
