import assert from "node:assert/strict";
import { AGENT_NAMESPACE, agentPod, onNode } from "./cluster.ts";
import { command, get, type Pod } from "./kubectl.ts";
import { NAMESPACE } from "./pods.ts";

const MEMORY_LIMIT = 384 * 1024 * 1024;

/** Against the restricted level, the DaemonSet's pod template must fail only because of its host path. */
export async function hostPathsOnly(): Promise<void> {
  const { spec } = await get<{ spec: { template: { spec: Record<string, unknown> } } }>(
    "daemonset",
    "--namespace",
    AGENT_NAMESPACE,
    "kubetail-cluster-agent",
  );
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "as-restricted", namespace: NAMESPACE },
    spec: { ...spec.template.spec, serviceAccountName: "reader" },
  };
  const refused = await command(
    "kubectl",
    ["create", "--dry-run=server", "--filename", "-"],
    JSON.stringify(pod),
  ).then(() => "", (error: Error) => error.message);
  const violations = /violates PodSecurity "restricted:latest": (.*)/.exec(refused)?.[1] ?? refused;
  assert.match(
    violations,
    /^restricted volume types \(volumes? [^()]* uses? restricted volume type "hostPath"\)$/,
  );
}

/** Checks the kernel's information about the agent's process. */
export async function processOf(pod: Pod): Promise<void> {
  const said = await onNode(`
    uid=${pod.metadata.uid}
    other=$(echo "$uid" | tr - _)
    for process in /proc/[0-9]*; do
      if grep -qsE "$uid|$other" $process/cgroup && grep -qsE 'cluster-agent|/agent/main.js' $process/cmdline; then
        grep -E '^(Uid|Gid|CapEff|CapBnd|NoNewPrivs|Seccomp):' $process/status
        exit
      fi
    done
    echo "no process of pod $uid"`);
  const limit = await onNode(memoryOf(pod, "memory.limit_in_bytes memory.max"));
  const facts = new Map(
    said.trim().split("\n").map((line) => {
      const [key = "", ...values] = line.split(/:?\s+/);
      return [key, values.join(" ")];
    }),
  );
  assert.equal(facts.get("Uid"), "65532 65532 65532 65532", said);
  assert.equal(facts.get("CapEff"), "0000000000000000", said);
  assert.equal(facts.get("CapBnd"), "0000000000000000", said);
  assert.equal(facts.get("NoNewPrivs"), "1", said);
  assert.equal(facts.get("Seccomp"), "2", said);
  assert.equal(limit.trim(), String(MEMORY_LIMIT), "the kernel's limit");
}

/** Checks that it is still the first container, and that the kernel has killed nothing in its control group. */
export async function withinLimit(node: string): Promise<void> {
  const pod = await agentPod(node);
  assert.deepEqual(pod.status.containerStatuses?.map(({ restartCount }) => restartCount), [0]);
  const peak = Number(
    (await onNode(memoryOf(pod, "memory.max_usage_in_bytes memory.peak"))).trim(),
  );
  // The peak may be the limit itself: only then does the kernel reclaim page cache.
  assert.ok(peak > 0 && peak <= MEMORY_LIMIT, `${peak} bytes`);
  const events = await onNode(memoryOf(pod, "memory.oom_control memory.events"));
  assert.match(events, /^oom_kill 0$/m);
  console.log(`    ${Math.round(peak / 2 ** 20)} MiB at most, page cache included`);
}

/**
 * A script that prints the first existing one of these files in the control group of the agent's container (version 1
 * or 2).
 */
function memoryOf(pod: Pod, files: string): string {
  const id = pod.status.containerStatuses![0]!.containerID!.replace(/.*:\/\//, "");
  return `
    for folder in $(find /host/cgroup -type d -name '*${id}*'); do
      for file in ${files}; do
        if [ -e $folder/$file ]; then cat $folder/$file; exit; fi
      done
    done
    echo "no control group of ${id}"`;
}
