import { request } from "../../harness/calls.ts";
import { criLine, type TreeLog } from "../../harness/log_tree.ts";
import type { AgentProcess } from "../../harness/process.ts";
import { type Attack, Received, type Sizes } from "./file_attacks.ts";
import { processMemory, resetPeakMemory } from "../../harness/process_memory.ts";

let pods = 0;

type RecordsClient = ReturnType<AgentProcess["records"]>;

/** How late the agent's event loop was, according to its own metric. */
export interface Lag {
  /** The number of samples. */
  readonly samples: number;
  /** How often it was late by more than 20 ms, and by more than 100 ms. */
  readonly over20: number;
  readonly over100: number;
}

/** The cost of an attack. */
export interface Cost {
  readonly seconds: number;
  /** Resident memory according to the kernel: the peak during the attack, MiB. */
  readonly peak: number;
  /** The longest time that another caller's small read took, and that /livez took, milliseconds. */
  readonly other: number;
  readonly livez: number;
  readonly lag: Lag;
}

/** Runs an attack while another caller reads a small log repeatedly. Throws if the answer is wrong. */
export async function runAttack(
  agent: AgentProcess,
  attack: Attack,
  sizes: Sizes,
): Promise<Cost> {
  const log = await attack.prepare(agent, sizes);
  const small = agent.logs.add({
    pod: `small-${pods++}`,
    content: criLine("2024-10-01T05:00:00Z", "small"),
  });
  const client = agent.records(); // One connection for all small reads.
  await readSmall(client, small);
  resetPeakMemory(agent.pid);
  const lagBefore = await lagOf(agent);
  const innocent = new Innocent(agent, client, small);
  const began = performance.now();
  const all = await Promise.all(
    Array.from({ length: attack.calls ?? 1 }, () => read(agent, log, attack)),
  );
  const seconds = (performance.now() - began) / 1000;
  const { other, livez } = await innocent.stop();
  for (const received of all) attack.check(received, sizes);
  for (const name of Deno.readDirSync(log.path.slice(0, log.path.lastIndexOf("/")))) {
    // Frees the space, so that the next attack finds an empty page cache.
    Deno.truncateSync(`${log.path.slice(0, log.path.lastIndexOf("/"))}/${name.name}`);
  }
  const now = await lagOf(agent);
  const lag = {
    samples: now.samples - lagBefore.samples,
    over20: now.over20 - lagBefore.over20,
    over100: now.over100 - lagBefore.over100,
  };
  return { seconds, peak: processMemory(agent.pid, "VmHWM"), other, livez, lag };
}

/** Since the agent started. */
async function lagOf(agent: AgentProcess): Promise<Lag> {
  const response = await fetch(`http://127.0.0.1:${agent.telemetryPort}/metrics`);
  const text = await response.text();
  // An agent that has just started has no sample yet, and no such series.
  const count = (le: string) =>
    Number(
      text.split(`kubetail_agent_event_loop_lag_seconds_bucket{le="${le}"} `)[1]?.split("\n")[0] ??
        0,
    );
  const samples = count("+Inf");
  return { samples, over20: samples - count("0.02"), over100: samples - count("0.1") };
}

async function read(agent: AgentProcess, log: TreeLog, attack: Attack): Promise<Received> {
  const method = attack.direction === "forward" ? "streamForward" : "streamBackward";
  const call = agent.records()[method](request({ ...log.request, ...attack.fields }));
  const received = new Received();
  try {
    for await (const record of call) {
      received.add(record);
      if (received.count === attack.limit) break;
    }
  } finally {
    call.cancel();
  }
  return received;
}

async function readSmall(client: RecordsClient, log: TreeLog): Promise<number> {
  const began = performance.now();
  let count = 0;
  for await (const _ of client.streamForward(request(log.request))) count++;
  if (count !== 1) throw new Error(`the other caller got ${count} records instead of 1`);
  return performance.now() - began;
}

/** Reads a small log and requests /livez, one after another, until it is stopped. */
class Innocent {
  #isStopped = false;
  readonly #done: Promise<{ other: number; livez: number }>;

  constructor(agent: AgentProcess, client: RecordsClient, log: TreeLog) {
    this.#done = this.#run(agent, client, log);
  }

  stop(): Promise<{ other: number; livez: number }> {
    this.#isStopped = true;
    return this.#done;
  }

  async #run(
    agent: AgentProcess,
    client: RecordsClient,
    log: TreeLog,
  ): Promise<{ other: number; livez: number }> {
    let other = 0;
    let livez = 0;
    do {
      other = Math.max(other, await readSmall(client, log));
      const began = performance.now();
      const response = await fetch(`http://127.0.0.1:${agent.telemetryPort}/livez`);
      await response.body?.cancel();
      if (response.status !== 200) throw new Error(`/livez: ${response.status}`);
      livez = Math.max(livez, performance.now() - began);
    } while (!this.#isStopped);
    return { other, livez };
  }
}
