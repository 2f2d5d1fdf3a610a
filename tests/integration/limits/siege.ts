import assert from "node:assert/strict";
import { get } from "node:http";
import { defaults } from "../../../src/config/schema.ts";
import type { Config } from "../../../src/config/schema.ts";
import { AuthorizationApi } from "../../harness/authorization_api.ts";
import { drain, metadata, request } from "../../harness/calls.ts";
import { criLines } from "../../harness/log_tree.ts";
import { type AgentProcess, startProcess } from "../../harness/process.ts";
import type { Prey } from "./attack_connections.ts";
import type { AttackName } from "./attacks.ts";
import { processMemory } from "../../harness/process_memory.ts";

const RECOVERY_MS = 60_000;
/** The telemetry port's own timeout, and a little less. */
const PROBE_TIMEOUT_MS = 4500;

/** The observations. Sizes in MiB, times in milliseconds. */
export interface Observed {
  readonly idle: number;
  readonly peak: number;
  readonly slowestRead: number;
  readonly reads: number;
  readonly slowestLivez: number;
  readonly failures: readonly string[];
  /** CPU time of the agent's main thread during the attack, and how long it waited for a processor. */
  readonly worked: number;
  readonly waited: number;
}

export interface Siege extends AsyncDisposable {
  readonly agent: AgentProcess;
  readonly api: AuthorizationApi;
  /** Attacks while an innocent caller reads and the kubelet probes. */
  attack(name: AttackName, share?: number): Promise<Observed>;
  /** Waits until memory is back to at most this size, in MiB. Returns its size, after a minute at the latest. */
  recovered(atMost: number): Promise<number>;
}

/** An agent in its default configuration with 1,000 logs, in a separate process. */
export async function besiege(
  options: {
    readonly config?: Partial<Config>;
    /** The innocent caller's token; otherwise it comes through a front proxy. */
    readonly token?: string;
    readonly clientAuth?: Config["tls"]["clientAuth"];
  } = {},
): Promise<Siege> {
  await using stack = new AsyncDisposableStack();
  const api = stack.use(await AuthorizationApi.start());
  const agent = stack.use(
    await startProcess({
      kubeConfig: api.kubeConfig(),
      config: {
        authorization: defaults.authorization,
        logging: { ...defaults.logging, level: "info" },
        ...options.config,
      },
      ...options.clientAuth === undefined ? {} : { clientAuth: options.clientAuth },
    }),
  );
  for (let index = 0; index < 1000; index++) {
    agent.logs.add({ pod: `pod-with-a-rather-long-name-${index}`, content: "" });
  }
  const small = agent.logs.add({ pod: "small-0", content: criLines(20) });
  const big = agent.logs.add({ pod: "big-0", content: criLines(300_000) });
  const prey: Prey = {
    port: agent.port,
    telemetryPort: agent.telemetryPort,
    ca: agent.authority.cert,
    client: agent.client,
    other: await agent.authority.client("somebody-else"),
    log: big.request,
  };
  const innocent = metadata(
    options.token === undefined
      ? [["x-remote-user", "innocent"]]
      : [["authorization", options.token]],
  );
  const records = agent.records();
  const read = async () => {
    const { code, details, messages } = await drain(
      records.streamForward(request(small.request), innocent),
    );
    return code === "OK" && messages.length === 20 ? null : `read: ${code} ${details}`;
  };
  const livez = () => probe(agent.telemetryPort);
  // An agent at rest has served a few calls.
  for (let index = 0; index < 20; index++) assert.equal(await read(), null);
  const kept = stack.move();
  return {
    agent,
    api,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
    async attack(name, share = 1) {
      const idle = Math.round(processMemory(agent.pid, "VmRSS"));
      const failures: string[] = [];
      const before = await scheduled(agent.pid);
      let over = false;
      let reads = 0;
      const watch = async (ask: () => Promise<string | null>, told?: () => void) => {
        let slowest = 0;
        while (!over) {
          const began = performance.now();
          const failure = await ask().catch(String);
          const took = performance.now() - began;
          slowest = Math.max(slowest, took);
          // The port ends requests that take longer: the machine gave the agent no CPU time. The table shows it.
          if (failure !== null && took < PROBE_TIMEOUT_MS) failures.push(failure);
          told?.();
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        return Math.round(slowest);
      };
      const reading = watch(read, () => reads++);
      const probing = watch(livez);
      await attackWith(name, { ...prey, share });
      over = true;
      const [slowestRead, slowestLivez] = await Promise.all([reading, probing]);
      const peak = Math.round(processMemory(agent.pid, "VmHWM"));
      const after = await scheduled(agent.pid);
      return {
        idle,
        peak,
        slowestRead,
        reads,
        slowestLivez,
        failures,
        worked: after.worked - before.worked,
        waited: after.waited - before.waited,
      };
    },
    async recovered(atMost) {
      // There is no event for when memory is returned.
      const deadline = performance.now() + RECOVERY_MS;
      let now = Math.round(processMemory(agent.pid, "VmRSS"));
      while (now > atMost && performance.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 200));
        now = Math.round(processMemory(agent.pid, "VmRSS"));
      }
      return now;
    },
  };
}

/** Runs an attack in a separate process, until some time after everything has been sent. */
export async function attackWith(name: AttackName, prey: Prey): Promise<void> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "-A",
      "--no-check",
      new URL("attacker.ts", import.meta.url).pathname,
      name,
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(`${JSON.stringify(prey)}\n`));
  const output = child.stdout.getReader();
  const first = await output.read();
  // Some time to process what was sent: that is when it hurts, and there is no event for its end.
  await new Promise((resolve) => setTimeout(resolve, HOLD_MS));
  await writer.close();
  await output.cancel();
  await child.status;
  assert.ok(!first.done, `the attacker failed: ${name}`);
}

const HOLD_MS = 1000;

function probe(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    // Like the kubelet, it has a separate address from which no attacker connects.
    get(
      { host: "127.0.0.1", localAddress: "127.0.0.2", port, path: "/livez", agent: false },
      (response) => {
        response.resume();
        response.on(
          "end",
          () => resolve(response.statusCode === 200 ? null : `livez: ${response.statusCode}`),
        );
      },
    ).on("error", (error) => resolve(`livez: ${error.message}`));
  });
}

/** Scheduling statistics of the main thread, in milliseconds (Linux, Documentation/scheduler/sched-stats.rst). */
async function scheduled(pid: number): Promise<{ worked: number; waited: number }> {
  const [worked = 0, waited = 0] = (await read(`/proc/${pid}/task/${pid}/schedstat`)).split(" ")
    .map((nanoseconds) => Math.round(Number(nanoseconds) / 1e6));
  return { worked, waited };
}

/** --allow-read does not permit reading /proc, so a command does it. */
async function read(path: string): Promise<string> {
  const { stdout } = await new Deno.Command("cat", { args: [path] }).output();
  return new TextDecoder().decode(stdout);
}
