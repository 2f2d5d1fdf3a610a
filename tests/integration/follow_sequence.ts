import { cannotExamine } from "../harness/examine.ts";
import assert from "node:assert/strict";
import type { CheckReason } from "../../src/files/check_rounds.ts";
import { FollowRegistry } from "../../src/files/follow_registry.ts";
import type { LogName } from "../../src/files/name.ts";
import type { AgentEvent, Report } from "../../src/telemetry/events.ts";
import { type Host, MemoryHost } from "./follow_host.ts";
import { ModelReader } from "./follow_reader.ts";
import { type Format, type NameStyle, nameStyles, Runtime } from "./follow_runtime.ts";
import { Random } from "../harness/random.ts";

export const logName: LogName = {
  namespace: "ns",
  podName: "pod",
  containerName: "app",
  containerId: "abc",
};

/** Something that happens. Everything random in it depends on its seed. */
export interface Step {
  readonly kind: StepKind;
  readonly seed: number;
}

/** A sequence of events of a log, as data: any part of it is also a sequence. */
export interface Sequence {
  readonly format: Format;
  readonly style: NameStyle;
  readonly steps: readonly Step[];
}

type StepKind = keyof typeof weights;

/** What the runtime does, then what the agent and its readers do. */
const weights = {
  append: 30,
  "append many": 1,
  half: 10,
  flush: 6,
  nuls: 2,
  "clock goes back": 2,
  rename: 12,
  "copy and truncate": 8,
  truncate: 2,
  "truncate and regrow": 3,
  compress: 5,
  "remove rotated": 3,
  recreate: 3,
  refuse: 2,
  event: 15,
  written: 15,
  peek: 8,
  poll: 8,
  amid: 8,
  "time passes": 15,
  read: 25,
  "catch up": 3,
  attach: 5,
  detach: 2,
};

const kinds = Object.keys(weights) as StepKind[];
const total = kinds.reduce((sum, kind) => sum + weights[kind], 0);
/** What may happen between two calls of a check. */
const amidKinds = [
  "append",
  "rename",
  "copy and truncate",
  "truncate and regrow",
  "compress",
  "half",
] as const satisfies readonly StepKind[];

export function makeSequence(seed: number): Sequence {
  const random = new Random(seed);
  const steps = Array.from({ length: 5 + random.below(50) }, (): Step => {
    let at = random.below(total);
    const kind = kinds.find((one) => (at -= weights[one]) < 0) ?? "append";
    return { kind, seed: random.below(2 ** 31) };
  });
  if (random.chance(0.80)) steps.unshift({ kind: "attach", seed: random.below(2 ** 31) });
  return {
    format: random.pick(["cri", "docker"]),
    style: random.pick(nameStyles),
    steps,
  };
}

/** Creates the host of a sequence; its events go to `report`. */
export type MakeHost = (report: Report) => Host;

const inMemory: MakeHost = () => new MemoryHost();

/**
 * Runs a sequence, at the pace of a clock that the steps move. Rejects if a follower receives anything but every byte
 * once and in order, or if something is left open.
 */
export async function runSequence(
  { format, style, steps }: Sequence,
  makeHost: MakeHost = inMemory,
): Promise<void> {
  const events: AgentEvent[] = [];
  const report = (event: AgentEvent) => void events.push(event);
  using host = makeHost(report);
  const { clock } = host;
  const follows = new FollowRegistry({
    roots: host.roots,
    watcher: host.watcher,
    report,
    missingFileWaitMs: 1000,
    examine: cannotExamine,
  });
  const runtime = new Runtime(host.disk, host.root, format, style);
  const readers: ModelReader[] = [];
  let skippedByGone = 0;
  let attached = 0;
  let mayRefuseAt = 0;
  let isAmid = false;

  const checked = () => {
    if (host.isWatched && !host.isRefused && runtime.hasFile) runtime.seen();
  };
  const check = async (reason: CheckReason): Promise<void> => {
    await host.check(reason);
    if (reason !== "peek" && reason !== "written") checked();
  };
  const pass = async (ms: number): Promise<void> => {
    await host.pass(ms, checked);
  };
  const maybeCheck = (random: Random) => () => {
    // The agent does not begin a check during another one.
    if (!random.chance(0.30) || isAmid) return;
    host.checkNow();
    checked();
  };
  /** The runtime's actions. */
  const write = ({ kind, seed }: Step): boolean => {
    const random = new Random(seed);
    switch (kind) {
      case "append":
        runtime.append(random);
        return true;
      case "append many":
        runtime.append(random, 800);
        return true;
      case "half":
        runtime.writeHalf(random);
        return true;
      case "flush":
        runtime.flush();
        return true;
      case "nuls":
        runtime.appendNuls(random);
        return true;
      case "clock goes back":
        runtime.clockGoesBack(random);
        return true;
      case "rename":
        runtime.rename(random, maybeCheck(random));
        return true;
      case "copy and truncate":
        runtime.copyTruncate(random, maybeCheck(random));
        return true;
      case "truncate":
        runtime.truncate(random);
        return true;
      case "truncate and regrow":
        if (random.chance(0.70)) runtime.copyTruncate(random, () => {});
        else runtime.truncate(random);
        runtime.append(random, 1 + random.below(20));
        return true;
      case "compress":
        runtime.compress();
        return true;
      case "remove rotated":
        runtime.removeRotated(random);
        return true;
      case "recreate":
        runtime.recreate(random, maybeCheck(random));
        return true;
      default:
        return false;
    }
  };
  const run = async (step: Step): Promise<void> => {
    if (write(step)) return;
    const random = new Random(step.seed);
    switch (step.kind) {
      case "refuse":
        // A refusal that lasts for two seconds ends a follow.
        if (clock.now() < mayRefuseAt) return;
        if (!host.refuse(random.pick(["permission-denied", "no-descriptors"]))) return;
        mayRefuseAt = clock.now() + 2000;
        clock.after(random.below(1500), () => void host.refuse(null));
        return;
      case "event":
      case "written":
      case "peek":
      case "poll":
        return await check(step.kind);
      case "amid": {
        const calls = random.below(40);
        const amid = Array.from({ length: 1 + random.below(3) }, () => ({
          kind: random.pick(amidKinds),
          seed: random.below(2 ** 31),
        }));
        const reason = random.pick(["event", "written", "tick", "poll", "peek"] as const);
        return await host.checkAmid(reason, calls, () => {
          isAmid = true;
          amid.forEach(write);
          isAmid = false;
        });
      }
      case "time passes":
        return await pass(random.pick([5, 60, 600, 2500]));
      case "read":
        return readers.forEach((reader) => reader.read());
      case "catch up":
        if (host.isRefused) return;
        await pass(5000);
        for (let i = 0; i < 200; i++) for (const reader of readers) reader.read();
        runtime.rotations = 0;
        return;
      case "attach": {
        if (readers.length >= 4 || host.isRefused || !runtime.hasFile) return;
        const start = random.pick(["beginning", "end"] as const);
        const follow = (onMore: () => void) => follows.follow(logName, start, onMore);
        attached++;
        readers.push(new ModelReader(runtime, follow, { isSlow: random.chance(0.40), start }));
        return;
      }
      case "detach": {
        const reader = readers.length > 1 ? readers.shift() : undefined;
        if (reader === undefined) return;
        reader.follower[Symbol.dispose]();
        skippedByGone += reader.skipped + reader.goneAhead;
        return;
      }
    }
  };

  try {
    for (const step of steps) {
      await run(step);
      for (const reader of readers) reader.check();
    }
    if (steps.length % 2 === 0) runtime.flush();
    if (host.isRefused) await pass(1500);
    await check("event");
    runtime.remove();
    await check("event");
    await pass(5000);
    for (let i = 0; i < 500 && readers.some((reader) => !reader.done); i++) {
      for (const reader of readers) reader.read();
    }
    for (const reader of readers) {
      reader.check();
      assert(reader.done, "a follower does not end though its log is gone");
      reader.checkEnd();
    }
  } finally {
    follows.close();
  }
  host.checkClosed();
  const counted = events.reduce((sum, e) => e.type === "truncated" ? sum + e.bytes : sum, 0);
  const skipped = readers.reduce((sum, reader) => sum + reader.skipped, skippedByGone);
  assert(
    counted <= skipped + attached * runtime.nuls,
    `${counted} bytes were counted as lost, but only ${skipped} were`,
  );
}

/** The shortest part of a failing sequence that still fails, and its error. */
export async function shrink(
  sequence: Sequence,
  error: unknown,
  makeHost: MakeHost = inMemory,
): Promise<{ sequence: Sequence; error: unknown }> {
  let shortest = { sequence, error };
  for (let size = sequence.steps.length >> 1; size >= 1; size = size === 1 ? 0 : size >> 1) {
    for (let at = 0; at < shortest.sequence.steps.length;) {
      const steps = shortest.sequence.steps.toSpliced(at, size);
      const failure = await failureOf({ ...sequence, steps }, makeHost);
      if (failure === null) at += size;
      else shortest = { sequence: { ...sequence, steps }, error: failure.error };
    }
  }
  return shortest;
}

export async function failureOf(
  sequence: Sequence,
  makeHost: MakeHost = inMemory,
): Promise<{ readonly error: unknown } | null> {
  try {
    await runSequence(sequence, makeHost);
    return null;
  } catch (error) {
    return { error };
  }
}

/** Runs `count` sequences from a seed on; if one fails, rejects with the seed and the shortest sequence that fails. */
export async function runSequences(
  first: number,
  count: number,
  makeHost: MakeHost = inMemory,
): Promise<void> {
  for (let i = 0; i < count; i++) {
    const seed = (first + i) >>> 0;
    const sequence = makeSequence(seed);
    const failure = await failureOf(sequence, makeHost);
    if (failure === null) continue;
    const { sequence: shortest, error } = await shrink(sequence, failure.error, makeHost);
    const steps = shortest.steps.map((step) => `  ${step.kind} (${step.seed})`).join("\n");
    throw new Error(
      `seed ${seed} (${shortest.format}, ${shortest.style}), shortest sequence that fails:\n${steps}\n` +
        `run it alone with FOLLOW_SEED=${seed}`,
      { cause: error },
    );
  }
}
