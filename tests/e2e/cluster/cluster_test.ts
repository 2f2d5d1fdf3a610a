import assert from "node:assert/strict";
import type * as grpc from "@grpc/grpc-js";
import {
  FollowFrom,
  type LogMetadata,
  type LogMetadataWatchEvent,
  type LogRecord,
  type LogRecordsStreamRequest,
} from "../../../src/generated/cluster_agent.ts";
import { answer, drain, metadata, request } from "../../harness/calls.ts";
import {
  AGENT_NAMESPACE,
  type AgentConnection,
  agentPod,
  connectAgent,
  helm,
  onNode,
} from "./cluster.ts";
import { runChartNotes, runDocumentedCommands } from "./documented.ts";
import { apply, command, get, kubectl, type Pod } from "./kubectl.ts";
import { gaps, Lines, numberOf } from "./lines.ts";
import {
  loggingPod,
  NAMESPACE,
  NODE_NAMESPACE,
  NODE_POD,
  nodeFilesPod,
  surroundings,
} from "./pods.ts";

// The agent is installed already (hack/install.sh), in the cluster of the current context: a node of
// tests/e2e/node, or kind. Nothing here is timed: every wait is for an event, with a deadline for a slow machine.
/** Far above what a slow machine needs: it ends only what never happens. */
const DEADLINE = "--timeout=600s";
const SHORT_PODS = 100;
const RESTARTS = 5;
const ROTATIONS = 10;
const LINES_PER_SECOND = 10_000;
/** Less than the pod writes. */
const SLOW_BYTES_PER_SECOND = 1_000_000;
/** Made in the writing container when its log is followed; a pod's only writable folder. */
const FOLLOWED = "/dev/shm/followed";
const MEMORY_LIMIT = 384 * 1024 * 1024;
const reader: [string, string][] = [["x-remote-user", `system:serviceaccount:${NAMESPACE}:reader`]];
const stranger: [string, string][] = [
  ["x-remote-user", `system:serviceaccount:${NAMESPACE}:stranger`],
];

Deno.test({
  name: "the agent in a cluster",
  // Streams and port-forwards live across steps.
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
    await t.step("a front proxy's call is never judged by a token instead", async () => {
      const { code } = await list(agent, [["authorization", `Bearer ${await token("reader")}`]]);
      assert.equal(code, "UNAUTHENTICATED");
    });
    await t.step("a certificate with another name is refused", () => otherCertificate(first));
    await t.step("init containers have logs of their own", () => initContainers(agent, node));
    // The kubelet's restart back-off takes most of the time, so this runs while the next steps do.
    const restarted = restarts(agent, node);
    restarted.catch(() => {}); // Awaited, and reported, in the step of its name.
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

/** The namespaces and the pod that looks at the node; returns the name of the node that is tested. */
async function prepare(): Promise<string> {
  const { items: nodes } = await get<{ items: { metadata: { name: string } }[] }>("nodes");
  const node = nodes.at(-1)!.metadata.name;
  await kubectl(
    "delete",
    "namespace",
    NAMESPACE,
    NODE_NAMESPACE,
    "--ignore-not-found",
    "--wait=true",
  );
  await apply([...surroundings(), nodeFilesPod(node)]);
  await kubectl(
    "wait",
    "--namespace",
    NODE_NAMESPACE,
    "--for=condition=Ready",
    `pod/${NODE_POD}`,
    DEADLINE,
  );
  const counter = 'i=0; while true; do i=$((i + 1)); echo "count $i"; sleep 0.1; done';
  await apply([loggingPod({ name: "counter", node, script: counter })]);
  await ready("counter");
  return node;
}

async function ready(pod: string): Promise<void> {
  await kubectl(
    "wait",
    "--namespace",
    NAMESPACE,
    "--for=condition=Ready",
    `pod/${pod}`,
    DEADLINE,
  );
}

async function succeeded(...selection: string[]): Promise<void> {
  await kubectl(
    "wait",
    "--namespace",
    NAMESPACE,
    "--for=jsonpath={.status.phase}=Succeeded",
    ...selection,
    DEADLINE,
  );
}

/** Held against the restricted level, the DaemonSet's pod template must fail for its host path and nothing else. */
async function hostPathsOnly(): Promise<void> {
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

/** What the kernel says of the agent's process. */
async function processOf(pod: Pod): Promise<void> {
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

/** Script that prints the first of these files that is there, of the control group of the agent's container (version 1 or 2). */
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

async function readerReads(agent: AgentConnection): Promise<void> {
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

async function strangerIsRefused(agent: AgentConnection): Promise<void> {
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

function token(account: string): Promise<string> {
  return kubectl("create", "token", account, "--namespace", NAMESPACE).then((text) => text.trim());
}

/** With a token and no certificate, as callers of the first generation. */
async function tokens(node: string): Promise<void> {
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

/** Installs the chart again with other values; resolves when the DaemonSet has rolled out. */
async function upgrade(values: string): Promise<void> {
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

async function otherCertificate(pod: Pod): Promise<void> {
  using other = await connectAgent(pod, "stranger");
  assert.equal((await list(other, reader)).code, "PERMISSION_DENIED");
}

async function initContainers(agent: AgentConnection, node: string): Promise<void> {
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

async function restarts(agent: AgentConnection, node: string): Promise<void> {
  using logs = new FollowedLogs(agent, (log) => log.spec?.pod_name === "restarting");
  // The kubelet removes a life's log as soon as the next life has ended: each ends when it has been read.
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

/** Two followers: one that reads what comes, and one that the log outruns. */
async function rotations(agent: AgentConnection, node: string): Promise<void> {
  // Its first line says that there is a log; the others wait for the followers. On a slow node the
  // kubelet could otherwise rotate before they come, and a follow begins with the file of that moment.
  const script = `awk '
    BEGIN {
      dots = sprintf("%95s", ""); gsub(/ /, ".", dots)
      print "count", ++i, dots
      fflush()
      system("until [ -e ${FOLLOWED} ]; do sleep 0.1; done")
      began = systime()
      for (;;) {
        for (end = ${LINES_PER_SECOND} * (systime() - began + 1); i < end;) print "count", ++i, dots
        fflush()
        system("sleep 0.1")
      }
    }'`;
  await apply([loggingPod({ name: "rotating", node, script })]);
  await ready("rotating");
  const { metadata: { uid } } = await get<Pod>("pod", "rotating", "--namespace", NAMESPACE);
  const log = request({ ...await runningLog(agent, "rotating"), follow_from: FollowFrom.DEFAULT });
  const began = performance.now();
  const followers = [Infinity, SLOW_BYTES_PER_SECOND].map((bytesPerSecond) => {
    const lines = new Lines();
    const call = agent.records.streamForward(log, metadata(reader));
    return { lines, ended: lines.read(call, { bytesPerSecond }) };
  });
  await Promise.all(followers.map(({ lines }) => lines.reach(1)));
  const begin = ["/bin/sh", "-c", `: > ${FOLLOWED}`];
  await kubectl("exec", "--namespace", NAMESPACE, "rotating", "--", ...begin);
  // Names of which the kubelet deletes the oldest; what is compressed keeps its name.
  const seen = await onNode(`
    cd /var/log/pods/${NAMESPACE}_rotating_${uid}/main
    end=$(($(date +%s) + 300)); rotations=0; compressed=0; last=
    until [ $rotations -ge ${ROTATIONS} ]; do
      if [ "$(date +%s)" -ge $end ]; then echo "not rotated:"; break; fi
      newest=$(ls | sed -n 's/^0[.]log[.]\\(2[-0-9]*\\).*/\\1/p' | sort | tail -n 1)
      if [ "$newest" != "$last" ]; then
        last=$newest; rotations=$((rotations + 1))
        if ls | grep -q '[.]gz$'; then compressed=$((compressed + 1)); fi
      fi
      sleep 0.2
    done
    echo "$rotations rotations, compressed files at $compressed of them"
    ls`);
  assert.doesNotMatch(seen, /not rotated/);
  assert.match(seen, /[.]gz$/m);
  await kubectl("delete", "pod", "rotating", "--namespace", NAMESPACE, "--wait=true");
  const seconds = (performance.now() - began) / 1000;
  for (const { lines, ended } of followers) {
    const { code, details } = await ended;
    assert.equal(code, "OK", details);
    assert.deepEqual(gaps(lines.texts), []);
    assert.equal(numberOf(lines.texts[0] ?? ""), 1);
  }
  const [fast, slow] = followers.map(({ lines }) => lines.texts.length);
  assert.equal(slow, fast, "the slow reader has all that the fast one has");
  const rate = Math.round((fast ?? 0) / seconds);
  console.log(
    `    ${fast} lines, ${rate} a second, ${seen.split("\n")[0]}, a fast and a slow reader`,
  );
}

async function shortPods(agent: AgentConnection, node: string): Promise<void> {
  using logs = new FollowedLogs(agent, (log) => log.spec?.pod_name.startsWith("short-") ?? false);
  // Between 5 and 20 s of life: five lines every half second.
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

/** It is the same container as at first, and the kernel has ended nothing in its control group. */
async function withinLimit(node: string): Promise<void> {
  const pod = await agentPod(node);
  assert.deepEqual(pod.status.containerStatuses?.map(({ restartCount }) => restartCount), [0]);
  const peak = Number(
    (await onNode(memoryOf(pod, "memory.max_usage_in_bytes memory.peak"))).trim(),
  );
  // The peak may be the limit itself: the kernel takes pages of files back only then.
  assert.ok(peak > 0 && peak <= MEMORY_LIMIT, `${peak} bytes`);
  const events = await onNode(memoryOf(pod, "memory.oom_control memory.events"));
  assert.match(events, /^oom_kill 0$/m);
  console.log(`    ${Math.round(peak / 2 ** 20)} MiB at most, page cache included`);
}

async function rollingUpdate(agent: AgentConnection, node: string): Promise<void> {
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

  // What the Prometheus operator would bring, so that the chart's optional objects can be made.
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
  // start_time is inclusive: the last record comes again, and others of the same instant.
  const last = numberOf(lines.texts.at(-1)!);
  const further = resumed.texts.filter((text) => numberOf(text) > last);
  assert.ok(further.length < resumed.texts.length, "the last record comes again");
  assert.deepEqual(gaps([...lines.texts, ...further]), []);
  console.log(`    ${before} lines before, ${further.length} after`);
}

async function chartTest(): Promise<void> {
  const said = await command(helm, [
    "test",
    "kubetail-cluster-agent",
    "--namespace",
    AGENT_NAMESPACE,
  ]);
  assert.match(said, /Phase:\s+Succeeded/);
  const made = await kubectl(
    "get",
    "podmonitor,prometheusrule,configmap",
    "--namespace",
    AGENT_NAMESPACE,
    "--output",
    "name",
  );
  for (const kind of ["podmonitor", "prometheusrule"]) {
    assert.match(made, new RegExp(`^${kind}`, "m"));
  }
  assert.match(made, /^configmap\/.*dashboard/m);
}

/** Every log that a watch shows and that is wanted, followed from its beginning: what the Cluster API does with a new pod. */
class FollowedLogs implements Disposable {
  /** By pod, container and container id. */
  readonly lines = new Map<string, Lines>();
  readonly #endings: Promise<{ code: string; details: string }>[] = [];
  readonly #watch: grpc.ClientReadableStream<LogMetadataWatchEvent>;
  #waiting: (() => void)[] = [];

  constructor(agent: AgentConnection, wanted: (log: LogMetadata) => boolean) {
    this.#watch = agent.metadata.watch({ namespaces: [NAMESPACE] }, metadata(reader));
    this.#watch.on("error", () => {}); // a watch that ended shows as logs that never come
    this.#watch.on("data", ({ type, object }: LogMetadataWatchEvent) => {
      if (type !== "ADDED" || object === undefined || !wanted(object)) return;
      const lines = new Lines();
      const call: grpc.ClientReadableStream<LogRecord> = agent.records.streamForward(
        request({ ...logOf(object), follow_from: FollowFrom.DEFAULT }),
        metadata(reader),
      );
      const { pod_name, container_name } = object.spec!;
      this.lines.set(`${pod_name}/${container_name}/${object.id}`, lines);
      this.#endings.push(lines.read(call));
      for (const resolve of this.#waiting.splice(0)) resolve();
    });
  }

  /** Resolves when so many logs have been seen. */
  async reach(count: number): Promise<void> {
    while (this.lines.size < count) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** How each follow ended, once all have. */
  ended(): Promise<{ code: string; details: string }[]> {
    return Promise.all(this.#endings);
  }

  [Symbol.dispose](): void {
    this.#watch.cancel();
  }
}

function list(
  agent: AgentConnection,
  identity: readonly (readonly [string, string])[],
  namespaces = [NAMESPACE],
) {
  return answer<{ items: LogMetadata[] }>((done) =>
    agent.metadata.list({ namespaces }, metadata(identity), done)
  );
}

/** The log of a pod's container that runs now. */
async function runningLog(
  agent: AgentConnection,
  pod: string,
): Promise<Partial<LogRecordsStreamRequest>> {
  const { response, code, details } = await list(agent, reader);
  const found = response?.items.find(({ spec }) => spec?.pod_name === pod);
  if (found === undefined) throw new Error(`No log of ${pod} is listed: ${code} ${details}`);
  return logOf(found);
}

function logOf({ spec }: LogMetadata): Partial<LogRecordsStreamRequest> {
  const { namespace, pod_name, container_name, container_id } = spec!;
  return { namespace, pod_name, container_name, container_id };
}
