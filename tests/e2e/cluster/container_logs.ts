import assert from "node:assert/strict";
import { drain, metadata, request } from "../../harness/calls.ts";
import { list, logOf, reader } from "./callers.ts";
import { type AgentConnection, onNode } from "./cluster.ts";
import { FollowedLogs } from "./followed_logs.ts";
import { apply, kubectl } from "./kubectl.ts";
import { numberOf } from "./lines.ts";
import { loggingPod, NAMESPACE } from "./pods.ts";
import { succeeded } from "./setup.ts";

const RESTARTS = 5;

/** Each init container of a pod has its own log in addition to the main container's. */
export async function initContainers(agent: AgentConnection, node: string): Promise<void> {
  const before = { "prepare-1": "echo first 1", "prepare-2": "echo second 1; echo second 2" };
  await apply([loggingPod({ name: "initialized", node, before, script: "echo main 1" })]);
  await succeeded("pod/initialized");
  const { response } = await list(agent, reader);
  const logs = response!.items.filter(({ spec }) => spec?.pod_name === "initialized");
  const texts: Record<string, string[]> = {};
  for (const log of logs) {
    const { messages, code } = await drain(
      agent.records.streamForward(request(logOf(log)), metadata(reader)),
    );
    assert.equal(code, "OK");
    texts[log.spec!.container_name] = messages.map(({ message }) => message);
  }
  assert.deepEqual(texts, {
    "prepare-1": ["first 1"],
    "prepare-2": ["second 1", "second 2"],
    main: ["main 1"],
  });
}

/** Ends a container repeatedly: each run is followed as a separate log, from its first line to its last. */
export async function restarts(agent: AgentConnection, node: string): Promise<void> {
  using logs = new FollowedLogs(agent, (log) => log.spec?.pod_name === "restarting");
  // The kubelet removes a run's log as soon as the next run has ended: each ends when it has been read.
  const script = `
    trap 'exit 1' TERM
    life=$(cat /proc/sys/kernel/random/uuid)
    i=0; while [ $i -lt 50 ]; do i=$((i + 1)); echo "$life line $i"; done
    while true; do sleep 0.1; done`;
  await apply([loggingPod({ name: "restarting", node, script, restartPolicy: "Always" })]);
  for (let life = 0; life <= RESTARTS; life++) {
    await logs.reach(1 + life);
    const [name, lines] = [...logs.lines][life]!;
    await lines.reach(50);
    if (life < RESTARTS) await endContainer(name.split("/").at(-1)!);
  }
  await kubectl("delete", "pod", "restarting", "--namespace", NAMESPACE, "--wait=true");
  const endings = await logs.ended();
  assert.deepEqual(new Set(endings.map(({ code }) => code)), new Set(["OK"]));
  const lives = [...logs.lines.values()];
  const names = lives.map(({ texts }) => {
    assert.deepEqual(texts.map(numberOf), Array.from({ length: 50 }, (_, i) => i + 1));
    const names = new Set(texts.map((text) => text.split(" ")[0]));
    assert.equal(names.size, 1, "one life in a log");
    return [...names][0];
  });
  assert.equal(new Set(names).size, lives.length, "a log for each life");
  console.log(`    ${lives.length - 1} restarts, 50 lines in each life`);
}

/** From the node: a command in the container would end with it. */
async function endContainer(id: string): Promise<void> {
  await onNode(`
    processes=$(find /host/cgroup -path '*${id}*' -name cgroup.procs | head -n 1)
    kill $(sort -n $processes | head -n 1)`);
}
