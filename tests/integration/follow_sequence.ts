import { cannotExamine } from "../harness/examine.ts";
import assert from "node:assert/strict";
import type { Check, CheckReason } from "../../src/files/file_watcher.ts";
import { FollowRegistry } from "../../src/files/follow_registry.ts";
import type { LogName } from "../../src/files/name.ts";
import { replaceFileSystem } from "../../src/platform/files.ts";
import type { AgentEvent } from "../../src/telemetry/events.ts";
import { ManualClock } from "../harness/manual_clock.ts";
import { MemoryFiles } from "../harness/memory_files.ts";
import { type Format, ModelReader, type NameStyle, nameStyles, Runtime } from "./follow_model.ts";
import { Random } from "../harness/random.ts";

export const logName: LogName = {
  namespace: "ns",
  podName: "pod",
  containerName: "app",
  containerId: "abc",
};

/** Something that happens. All that is left to chance in it depends on its seed. */
export interface Step {
  readonly kind: StepKind;
  readonly seed: number;
}

/** The life of a log, as data: any part of it is one, too. */
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
  event: 30,
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

/**
 * Runs a sequence on a file system in memory, at the pace of a clock that the steps move. Throws where a follower is given
 * anything but every byte once and in order, or where something is left open.
 */
export function runSequence({ format, style, steps }: Sequence): void {
  const files = new MemoryFiles();
  using _ = replaceFileSystem(files);
  const clock = new ManualClock();
  const checks = new Set<Check>();
  const events: AgentEvent[] = [];
  const report = (event: AgentEvent) => void events.push(event);
  const onFile = (_path: string, check: Check) => {
    checks.add(check);
    return () => void checks.delete(check);
  };
  const roots = { containerLogsDir: "/containers", logRoots: ["/"] };
  const follows = new FollowRegistry({
    roots,
    watcher: { clock, onFile },
    report,
    missingFileWaitMs: 1000,
    examine: cannotExamine,
  });
  const runtime = new Runtime(files, "", format, style);
  const readers: ModelReader[] = [];
  let skippedByGone = 0;
  let attached = 0;
  let mayRefuseAt = 0;

  const check = (reason: CheckReason) => {
    for (const one of [...checks]) one(reason);
    const isSeen = checks.size > 0 && files.refusal === null && runtime.hasFile;
    if (isSeen && reason !== "peek") runtime.seen();
  };
  const pass = (ms: number) => {
    for (let left = ms; left > 0;) {
      const step = Math.min(left, 1000);
      files.now += step;
      clock.advance(step);
      left -= step;
      check("tick");
    }
  };
  const maybeCheck = (random: Random) => () => {
    if (random.chance(0.30)) check("event");
  };
  const run = ({ kind, seed }: Step): void => {
    const random = new Random(seed);
    switch (kind) {
      case "append":
        return runtime.append(random);
      case "append many":
        return runtime.append(random, 800);
      case "half":
        return runtime.writeHalf(random);
      case "flush":
        return runtime.flush();
      case "nuls":
        return runtime.appendNuls(random);
      case "clock goes back":
        return runtime.clockGoesBack(random);
      case "rename":
        return runtime.rename(random, maybeCheck(random));
      case "copy and truncate":
        return runtime.copyTruncate(random, maybeCheck(random));
      case "truncate":
        return runtime.truncate(random);
      case "truncate and regrow":
        if (random.chance(0.70)) runtime.copyTruncate(random, () => {});
        else runtime.truncate(random);
        return runtime.append(random, 1 + random.below(20));
      case "compress":
        return runtime.compress();
      case "remove rotated":
        return runtime.removeRotated(random);
      case "recreate":
        return runtime.recreate(random, maybeCheck(random));
      case "refuse":
        // What is refused for two seconds in a row ends a follow.
        if (clock.now() < mayRefuseAt) return;
        files.refusal = random.pick(["permission-denied", "no-descriptors"]);
        mayRefuseAt = clock.now() + 2000;
        clock.after(random.below(1500), () => void (files.refusal = null));
        return;
      case "event":
      case "peek":
      case "poll":
        return check(kind);
      case "amid": {
        let calls = random.below(40);
        const step = { kind: random.pick(amidKinds), seed: random.below(2 ** 31) };
        files.onCall = () => {
          if (calls-- !== 0) return;
          files.onCall = () => {};
          // What happens to a file before its first byte is read cannot be told by its bytes.
          if (runtime.isCurrentRead) run(step);
        };
        for (const one of [...checks]) one("event");
        files.onCall = () => {};
        return;
      }
      case "time passes":
        return pass(random.pick([5, 60, 600, 2500]));
      case "read":
        return readers.forEach((reader) => reader.read());
      case "catch up":
        if (files.refusal !== null) return;
        pass(5000);
        for (let i = 0; i < 200; i++) for (const reader of readers) reader.read();
        runtime.rotations = 0;
        return;
      case "attach": {
        if (readers.length >= 4 || files.refusal !== null || !runtime.hasFile) return;
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

  for (const step of steps) {
    run(step);
    for (const reader of readers) reader.check();
  }
  if (steps.length % 2 === 0) runtime.flush();
  if (files.refusal !== null) pass(1500);
  check("event");
  runtime.remove();
  check("event");
  pass(5000);
  for (let i = 0; i < 500 && readers.some((reader) => !reader.done); i++) {
    for (const reader of readers) reader.read();
  }
  for (const reader of readers) {
    reader.check();
    assert(reader.done, "a follower does not end though its log is gone");
    reader.checkEnd();
  }
  follows.close();
  assert.equal(checks.size, 0, "a file is still watched");
  clock.advance(1000);
  assert.equal(clock.timers, 0, "a timer is left");
  assert.equal(files.opened, 0, "descriptors are left open");
  const counted = events.reduce((sum, e) => e.type === "truncated" ? sum + e.bytes : sum, 0);
  const skipped = readers.reduce((sum, reader) => sum + reader.skipped, skippedByGone);
  assert(
    counted <= skipped + attached * runtime.nuls,
    `${counted} bytes were counted as lost, but only ${skipped} were`,
  );
}

/** The shortest part of a failing sequence that still fails, and its error. */
export function shrink(sequence: Sequence, error: unknown): { sequence: Sequence; error: unknown } {
  let shortest = { sequence, error };
  for (let size = sequence.steps.length >> 1; size >= 1; size = size === 1 ? 0 : size >> 1) {
    for (let at = 0; at < shortest.sequence.steps.length;) {
      const steps = shortest.sequence.steps.toSpliced(at, size);
      const failure = failureOf({ ...sequence, steps });
      if (failure === null) at += size;
      else shortest = { sequence: { ...sequence, steps }, error: failure.error };
    }
  }
  return shortest;
}

export function failureOf(sequence: Sequence): { readonly error: unknown } | null {
  try {
    runSequence(sequence);
    return null;
  } catch (error) {
    return { error };
  }
}

/** Runs `count` sequences from a seed on; where one fails, throws with the seed and the shortest sequence that fails. */
export function runSequences(first: number, count: number): void {
  for (let i = 0; i < count; i++) {
    const seed = (first + i) >>> 0;
    const sequence = makeSequence(seed);
    const failure = failureOf(sequence);
    if (failure === null) continue;
    const { sequence: shortest, error } = shrink(sequence, failure.error);
    const steps = shortest.steps.map((step) => `  ${step.kind} (${step.seed})`).join("\n");
    throw new Error(
      `seed ${seed} (${shortest.format}, ${shortest.style}), shortest sequence that fails:\n${steps}\n` +
        `run it alone with FOLLOW_SEED=${seed}`,
      { cause: error },
    );
  }
}
